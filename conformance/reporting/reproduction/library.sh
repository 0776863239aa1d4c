# ---- functions ------------------------------------------------------------------------------------------------------

say() { printf '%s\n' "$*"; }

# Removes control characters, so that nothing from the target acts on the terminal.
plain() { tr -d '\000-\010\013-\037\177' | sed "s/$(printf '\302')[$(printf '\200')-$(printf '\237')]//g"; }

# Puts the names of secrets in place of their values.
masked() {
    awk '
        BEGIN { count = split(ENVIRON["SECRETS"], name, " ") }
        {
            line = $0
            for (i = 1; i <= count; i++) {
                secret = ENVIRON[name[i]]
                if (secret == "") continue
                out = ""
                while ((at = index(line, secret)) > 0) {
                    out = out substr(line, 1, at - 1) "${" name[i] "}"
                    line = substr(line, at + length(secret))
                }
                line = out line
            }
            print line
        }'
}

# Shows text from the target: no line begins with it.
show() { plain | masked | sed 's/^/  | /'; }

give_up() { say "$*"; exit 2; }

# need NAME...: these variables must be set.
need() {
    missing=
    for name in "$@"; do
        eval "value=\${$name:-}"
        [ -n "$value" ] || missing="$missing $name"
    done
    [ -z "$missing" ] || give_up "$SAY_NOT_SET$missing"
}

# fresh: eight random hexadecimal digits.
fresh() { od -An -N4 -tx1 /dev/urandom | tr -d ' \n'; }

# in_path TEXT: an id as a segment of a URL.
in_path() { printf %s "$1" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g'; }

# basic TOKEN: user name and password in Base64, the token being the user name.
basic() {
    printf '%s:' "$1" | od -An -v -tu1 | awk '
        { for (i = 1; i <= NF; i++) b[n++] = $i }
        END {
            a = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
            for (i = 0; i < n; i += 3) {
                v = b[i] * 65536 + b[i + 1] * 256 + b[i + 2]
                s = s substr(a, int(v / 262144) + 1, 1) substr(a, int(v / 4096) % 64 + 1, 1)
                s = s (i + 1 < n ? substr(a, int(v / 64) % 64 + 1, 1) : "=") (i + 2 < n ? substr(a, v % 64 + 1, 1) : "=")
            }
            print s
        }'
}

# with_defaults HEADER...: the headers of a request, one a line, with those that every request has.
with_defaults() {
    accept=1 encoding=1 agent=1 type=1
    for header in "$@"; do
        case $header in
        [Aa]ccept[:\;]*) accept= ;;
        [Aa]ccept-[Ee]ncoding[:\;]*) encoding= ;;
        [Uu]ser-[Aa]gent[:\;]*) agent= ;;
        [Cc]ontent-[Tt]ype[:\;]*) type= ;;
        esac
        printf '%s\n' "$header"
    done
    [ -z "$accept" ] || echo 'Accept: application/json'
    [ -z "$encoding" ] || echo 'Accept-Encoding: gzip'
    [ -z "$agent" ] || printf '%s\n' "User-Agent: $USER_AGENT"
    [ -z "$type" ] || echo 'Content-Type:'
}

# send N METHOD URL BODY HEADER...: sends a request once. BODY - is none. The response goes into files named N.
# It starts few processes: some failures show only if one request follows another at once.
send() {
    n=$1 method=$2 url=$3 body=$4
    shift 4
    with_defaults "$@" >"$DIR/$n.headers"
    set -- -q -sS --http1.1 --path-as-is --globoff --max-time 60 -H "@$DIR/$n.headers" -D "$DIR/$n.head"
    [ -z "$COMPRESSED" ] || set -- "$@" --compressed
    case $method in
    HEAD) set -- "$@" --head ;;
    *) set -- "$@" -X "$method" ;;
    esac
    case $method$body in
    GET- | HEAD- | OPTIONS- | DELETE-) ;;
    *-) set -- "$@" --data-binary '' ;;
    *) printf %s "$body" >"$DIR/$n.request" && set -- "$@" --data-binary "@$DIR/$n.request" ;;
    esac
    : >"$DIR/$n.head"
    : >"$DIR/$n.flat"
    # shellcheck disable=SC2086 # several words
    { curl "$@" $CURL_OPTIONS --url "$url" 2>"$DIR/$n.error"; echo $? >"$DIR/$n.code"; } | head -c 1048576 >"$DIR/$n.body"
    now=
    while read -r protocol number words; do
        case $protocol in HTTP/*) now=$number ;; esac
    done <"$DIR/$n.head"
    printf %s "$now" >"$DIR/$n.status"
}

# request N STEP STATUS METHOD URL BODY HEADER...: sends a request and reports it. STATUS is that of the run.
request() {
    step=$2 was=$3 number_sent=$1 tries=0
    shift 3
    while :; do
        send "$number_sent" "$@"
        if [ "$now" != 429 ] || [ "$was" = 429 ] || [ "$tries" -ge 5 ]; then break; fi
        tries=$((tries + 1))
        sleep 1
    done
    report "$number_sent" "$step" "$was" "$1" "$2"
}

# report N STEP STATUS METHOD URL [STATE]
report() {
    now=$(status "$1")
    if [ -n "$now" ]; then text=$now; else text="$SAY_NO_RESPONSE ($(head -n 1 "$DIR/$1.error" | plain))"; fi
    [ "${now:--}" = "$3" ] || text="$text ($SAY_WAS $3)"
    path=${5%%\?*}
    say "  $2: $4 ${path#"$BASE_URL"}: $text${6:+ $6}"
}

# report_with_state N STEP STATUS METHOD URL
report_with_state() { report "$@" "$(value "$1" /state | plain | masked)"; }

status() { cat "$DIR/$1.status" 2>/dev/null; }

# must N: exits unless the response is a success, as it was in the run.
must() {
    case $(status "$1") in
    2*) return ;;
    esac
    say "$SAY_STEP_FAILED"
    answer "$1"
    exit 2
}

# must_not N: exits if the response is a success, which it was not in the run.
must_not() {
    case $(status "$1") in
    2*) ;;
    *) return ;;
    esac
    say "$SAY_STEP_ACCEPTED"
    answer "$1"
    exit 2
}

# left_out STEP: says why a request is not sent.
left_out() { say "  $1: $SAY_LEFT_OUT"; }

# answer N: the response in full.
answer() {
    { tr -d '\r' <"$DIR/$1.head"; cat "$DIR/$1.body"; } 2>/dev/null | show
}

# flat N: the JSON body as lines of a JSON pointer, a tab and the value as it is written.
flat() {
    [ -s "$DIR/$1.flat" ] || head -c 131072 "$DIR/$1.body" 2>/dev/null | awk '
        { text = text $0 "\n" }
        function space() { if (match(text, /^[ \t\r\n]+/)) text = substr(text, RLENGTH + 1) }
        function take(re) {
            space()
            if (!match(text, re)) { print ""; exit }
            token = substr(text, 1, RLENGTH)
            text = substr(text, RLENGTH + 1)
            gsub(/[\001-\037]/, " ", token)
            return token
        }
        function read(place, depth,   name, count, open) {
            space()
            open = substr(text, 1, 1)
            if (open != "{" && open != "[") {
                token = take(open == "\"" ? "^\"([^\"\\\\]|\\\\.)*\"" : "^[^][{},:\" \t\r\n]+")
                print place "\t" token
                return
            }
            if (depth > 60) exit
            take("^[[{]")
            print place "\t" open
            space()
            if (substr(text, 1, 1) == (open == "{" ? "}" : "]")) { take("^[]}]"); return }
            count = 0
            while (1) {
                if (open == "{") {
                    name = take("^\"([^\"\\\\]|\\\\.)*\"")
                    name = substr(name, 2, length(name) - 2)
                    gsub(/~/, "~0", name)
                    gsub("/", "~1", name)
                    take("^:")
                } else name = count++
                read(place "/" name, depth + 1)
                if (take("^[]},]") != ",") return
            }
        }
        END { read("", 0) }' >"$DIR/$1.flat"
    cat "$DIR/$1.flat"
}

# value N POINTER: the JSON value at a pointer as it is written, of a container all values in it; nothing if it is missing.
value() {
    found=$(flat "$1" | POINTER=$2 awk -F '\t' '$1 == ENVIRON["POINTER"] { print substr($0, length($1) + 2); exit }')
    case $found in
    '{' | '[')
        flat "$1" | POINTER=$2 awk -F '\t' '
            index($1, ENVIRON["POINTER"] "/") == 1 && !($1 in seen) { seen[$1]; print substr($0, length(ENVIRON["POINTER"]) + 1) }
        ' | sort | { printf %s "$found"; tr '\t' ' ' | while IFS= read -r line; do printf ' %s' "$line"; done; echo; }
        ;;
    *) printf '%s\n' "$found" ;;
    esac
}

# header N NAME: the value of a response header.
header() {
    tr -d '\r' <"$DIR/$1.head" 2>/dev/null | NAME=$2 awk '
        /^HTTP\// { found = "" }
        tolower(substr($0, 1, length(ENVIRON["NAME"]) + 1)) == tolower(ENVIRON["NAME"] ":") {
            found = substr($0, length(ENVIRON["NAME"]) + 2)
            sub(/^[ \t]+/, "", found)
        }
        END { print found }'
}

# take NAME N POINTER: puts a text of a response into a variable.
take() {
    id=$(value "$2" "$3" | sed -n 's/^"\(.*\)"$/\1/p')
    case $id in
    '' | *[!\ -~]* | *[\"\\]*)
        say "$SAY_NO_ID $3"
        answer "$2"
        exit 2
        ;;
    esac
    eval "$1=\$id"
}

# cursor NAME N POINTER: as take, but nothing if the page is the last one.
cursor() {
    eval "$1="
    [ "$(value "$2" /has_more)" != true ] || take "$@"
}

# next_page N POINTER: puts the cursor of the next page into CURSOR_NOW; fails if there is none, or after 40 pages.
next_page() {
    cursor CURSOR_NOW "$1" "$2"
    [ -n "$CURSOR_NOW" ] && [ "$page" -lt 40 ]
}

# hour_later TIMESTAMP: the timestamp one hour later, in whole seconds.
hour_later() {
    WHEN=$1 awk 'BEGIN {
        split(ENVIRON["WHEN"], part, /[-Tt:.Zz+]/)
        year = part[1] + 0; month = part[2] + 0; day = part[3] + 0; hour = part[4] + 1
        days = month == 2 ? 28 + (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)) : 30 + (month + int(month / 8)) % 2
        if (hour > 23) { hour -= 24; day++ }
        if (day > days) { day = 1; month++ }
        if (month > 12) { month = 1; year++ }
        printf "%04d-%02d-%02dT%02d:%02d:%02dZ\n", year, month, day, hour, part[5], part[6]
    }'
}

# deliver N STEP STATUS METHOD URL BODY HEADER...: polls until an item is delivered.
deliver() {
    polls=0
    while :; do
        request "$@"
        must "$1"
        case $(value "$1" /id) in '' | null) ;; *) return ;; esac
        polls=$((polls + 1))
        [ "$polls" -lt 30 ] || give_up "$SAY_NO_WORK"
        sleep 1
    done
}

# settle SECONDS N STEP STATUS METHOD URL BODY HEADER...: repeats a request for that long, or until no failure shows.
settle() {
    left=$1
    shift
    while :; do
        request "$@"
        compare
        [ -n "$shown" ] && [ "$left" -gt 0 ] || return 0
        left=$((left - 1))
        sleep 1
    done
}

# list_until TEST WORD WORD N STEP STATUS METHOD URL BODY HEADER...: reads the list until it passes the test.
list_until() {
    test=$1 one=$2 other=$3 lists=0
    shift 3
    while :; do
        request "$@"
        must "$1"
        "$test" "$1" "$one" "$other" && return
        lists=$((lists + 1))
        [ "$lists" -lt 30 ] || give_up "$SAY_NOT_LISTED"
        sleep 1
    done
}

# listed N NAME SESSION: puts the id of the item of that session in a list into a variable.
listed() {
    place=$(flat "$1" | SESSION="\"$3\"" awk -F '\t' '$1 ~ /^\/data\/[0-9]+\/data\/id$/ && $2 == ENVIRON["SESSION"] { sub(/\/data\/id$/, "", $1); print $1; exit }')
    [ -n "$place" ] && take "$2" "$1" "$place/id"
}

# entries N: how many items a list has.
entries() { flat "$1" | awk -F '\t' '$1 ~ /^\/data\/[0-9]+$/ { count++ } END { print count + 0 }'; }

# lists N COUNT: the list has that many items.
lists() { [ "$(entries "$1")" -ge "$2" ]; }

# created COLLECTION ID, work ENVIRONMENT ITEM: what is removed at the end.
created() { printf '%s %s\n' "$1" "$(in_path "$2")" >>"$DIR/created"; }
work() { printf 'environments/%s/work %s\n' "$(in_path "$1")" "$(in_path "$2")" >>"$DIR/created"; }

# create NAME COLLECTION BODY HEADER...: creates an object unless the variable is set. Returns 1 if that is refused.
create() {
    eval "value=\${$1:-}"
    [ -z "$value" ] || return 0
    into=$1 collection=$2
    shift 2
    body=$1
    shift
    request 0 "$collection" 201 POST "$SETUP_URL/$collection$QUERY" "$body" "$@" 'Content-Type: application/json'
    [ -n "$(status 0)" ] || give_up "$SAY_UNREACHABLE"
    case $(status 0) in 2*) ;; *) return 1 ;; esac
    take "$into" 0 /id
    created "$collection" "$id"
}

# refused: ends the script after an object could not be created.
refused() {
    say "$SAY_REFUSED"
    answer 0
    exit 2
}

# choose_model HEADER...: MODEL, unless it is set: auto, or else the first model that the target lists.
choose_model() {
    [ -z "${MODEL:-}" ] || return 0
    request 0 models 200 GET "$SETUP_URL/models$QUERY" - "$@"
    MODEL=$(flat 0 | awk -F '\t' '$1 ~ /^\/data\/[0-9]+\/id$/ { if ($2 == "\"auto\"") auto = $2; if (first == "") first = $2 } END { print auto != "" ? auto : first }')
    [ -n "$MODEL" ] || MODEL='"auto"'
}

# remove COLLECTION ID HEADER...
remove() {
    collection=$1 id=$2
    shift 2
    case $collection in
    */work)
        send 0 POST "$API/$collection/$id/stop$QUERY" '{"force": true}' "$@" 'Content-Type: application/json'
        ;;
    *)
        send 0 DELETE "$SETUP_URL/$collection/$id$QUERY" - "$@"
        case $(status 0) in 2* | 404) return ;; esac
        [ "$collection" != sessions ] || send 0 POST "$SETUP_URL/$collection/$id/cancel$QUERY" - "$@"
        send 0 DELETE "$SETUP_URL/$collection/$id$QUERY" - "$@"
        case $(status 0) in 2* | 404) return ;; esac
        send 0 POST "$SETUP_URL/$collection/$id/archive$QUERY" - "$@"
        case $(status 0) in 2* | 404 | 409) ;; *) say "$SAY_LEFT $collection/$id" ;; esac
        ;;
    esac
}

# stop_work: stops the items of a repetition, so that no poll of the next one delivers them.
stop_work() {
    grep '^environments/' "$DIR/created" >"$DIR/work" 2>/dev/null || return 0
    while read -r collection id; do clean_up "$collection" "$id"; done <"$DIR/work"
    grep -v '^environments/' "$DIR/created" >"$DIR/rest"
    mv "$DIR/rest" "$DIR/created"
}

# finish: removes what was created. Every end but the last line of the script is an exit status of 2.
finish() {
    trap - EXIT HUP INT TERM
    wait
    if [ -s "$DIR/created" ] && [ "${KEEP:-}" != 1 ]; then
        for kind in 'environments/' sessions agents 'environments '; do
            grep "^$kind" "$DIR/created" | while read -r collection id; do clean_up "$collection" "$id"; done
        done
    fi
    rm -rf "$DIR"
    exit "$RESULT"
}

# ---- does the failure show again? 0: yes, 1: no, 3: this script cannot tell ------------------------------------------

# shape: a text without what differs between two runs, ids and numbers.
shape() {
    tr '\t\r\n' '   ' | sed -e 's/[0-9a-f]\{8\}-[0-9a-f]\{4\}-[0-9a-f]\{4\}-[0-9a-f]\{4\}-[0-9a-f]\{12\}/H/g' \
        -e 's/[0-9a-f]\{16,\}/H/g' -e 's/[0-9A-F]\{16,\}/X/g' \
        -e 's/[0-9a-f]\{8,\}/H/g' -e 's/[0-9][0-9]*/9/g' -e 's/ *$//'
}

same_status() { [ "$(status "$1")" = "$2" ]; }

# same_value N POINTER SHAPE: the value has the form that it had; an empty SHAPE means that it is missing.
same_value() { [ -s "$DIR/$1.status" ] && [ "$(value "$1" "$2" | shape)" = "$3" ]; }

# lacks N POINTER: the object has no such member. A response without the object is another matter.
lacks() { [ "$(value "$1" "${2%/*}" | cut -c 1)" = '{' ] && [ -z "$(value "$1" "$2")" ]; }

# other_number N POINTER NUMBER: the value is a number, and not this one.
other_number() {
    found=$(value "$1" "$2")
    case $found in '' | *[!0-9.eE+-]*) return 1 ;; esac
    [ "$found" != "$3" ]
}

# exactly N POINTER VALUE: the value is this one, digit for digit.
exactly() { [ "$(value "$1" "$2")" = "$3" ]; }

# when_seen WHOLE "less N..." PREDICATE...: as the predicate, where the pages N have fewer items than the list WHOLE; with
# `all` instead of `less`, where they have as many.
when_seen() {
    whole=$(entries "$1") seen=0
    for n in ${2#* }; do
        [ -s "$DIR/$n.status" ] || return 1
        seen=$((seen + $(entries "$n")))
    done
    case ${2%% *} in
    less) [ "$seen" -lt "$whole" ] || return 1 ;;
    *) [ "$seen" -ge "$whole" ] || return 1 ;;
    esac
    shift 2
    "$@"
}

# ids N: the ids of the items in a list, one a line.
ids() { flat "$1" | awk -F '\t' '$1 ~ /^\/data\/[0-9]+\/id$/ { print $2 }'; }

# same_items N COUNT [M "POINTER=POINTER ..."]...: the list N has COUNT items, and their ids are those of the responses M.
same_items() {
    same_list=$1
    same_status "$1" 200 && [ "$(entries "$1")" = "$2" ] || return 1
    shift 2
    while [ $# -gt 1 ]; do
        for pair in $2; do
            [ "$(value "$same_list" "${pair%%=*}")" = "$(value "$1" "${pair#*=}")" ] || return 1
        done
        shift 2
    done
}

# foreign_item N M: the list N has an item of another environment than the one that the response M shows.
foreign_item() {
    own=$(value "$2" /id)
    flat "$1" | OWN=$own awk -F '\t' '$1 ~ /^\/data\/[0-9]+\/environment_id$/ && $2 != ENVIRON["OWN"] { found = 1 } END { exit !found }'
}

# not_each_once N M...: the pages M, and those that follow them, lack an item of the list N or show one twice.
not_each_once() {
    ids "$1" | sort -u >"$DIR/wanted"
    shift
    for n in "$@"; do
        for file in "$DIR/$n".status "$DIR/$n".[0-9]*.status; do
            [ -s "$file" ] || continue
            file=${file##*/}
            ids "${file%.status}"
        done
    done | sort >"$DIR/listed"
    [ -n "$(uniq -d "$DIR/listed")" ] || [ -n "$(comm -23 "$DIR/wanted" "$DIR/listed")" ]
}

same_header() { [ -s "$DIR/$1.status" ] && [ "$(header "$1" "$2" | shape)" = "$3" ]; }

# same_body N STATUS SHAPE
same_body() { same_status "$1" "$2" && [ "$(shape <"$DIR/$1.body")" = "$3" ]; }

# compared N POINTER RELATION N POINTER: two values compare as they did: lt, eq, gt, or ne. Timestamps are equal if they
# differ by less than a unit of the coarser one.
compared() {
    [ -s "$DIR/$1.status" ] && [ -s "$DIR/$4.status" ] || return 1
    ONE=$(value "$1" "$2") OTHER=$(value "$4" "$5") RELATION=$3 awk '
        function seconds(text,   part, year, month) {
            split(substr(text, 2), part, /[-Tt:.Zz]/)
            year = part[1]; month = part[2]
            if (month < 3) { year--; month += 12 }
            return (365 * year + int(year / 4) - int(year / 100) + int(year / 400) + int((153 * month - 457) / 5) + part[3]) * 86400 \
                + part[4] * 3600 + part[5] * 60 + part[6]
        }
        function fraction(text) { return match(text, /\.[0-9]+/) ? substr(text, RSTART, RLENGTH) : "" }
        BEGIN {
            one = ENVIRON["ONE"] ""; other = ENVIRON["OTHER"] ""; relation = ENVIRON["RELATION"]
            found = one < other ? "lt" : one == other ? "eq" : "gt"
            moment = "^\"[0-9]+-[0-9]+-[0-9]+[Tt][0-9]+:[0-9]+:[0-9]+([.][0-9]+)?[Zz]\"$"
            if (one ~ moment && other ~ moment) {
                a = fraction(one); b = fraction(other)
                digits = length(a) < length(b) ? length(a) : length(b)
                unit = digits > 1 ? 10 ^ (1 - digits) : 1
                apart = seconds(one) - seconds(other) + (("0" a) - ("0" b))
                found = apart <= -unit * 0.9999 ? "lt" : apart >= unit * 0.9999 ? "gt" : "eq"
            }
            exit !(found == relation || (relation == "ne" && found != "eq"))
        }'
}

# in_future N POINTER: a timestamp is later than the response, by the clock of the target.
in_future() {
    date=$(header "$1" date)
    [ -n "$date" ] || return 3
    WHEN=$(value "$1" "$2") DATE=$date awk '
        function seconds(y, m, d, time,   part) {
            split(time, part, ":")
            if (m < 3) { y--; m += 12 }
            return (365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * m - 457) / 5) + d) * 86400 \
                + part[1] * 3600 + part[2] * 60 + part[3]
        }
        BEGIN {
            when = substr(ENVIRON["WHEN"], 2)
            split(ENVIRON["DATE"], date, " ")
            month = (index("JanFebMarAprMayJunJulAugSepOctNovDec", date[3]) + 2) / 3
            at = seconds(substr(when, 1, 4) + 0, substr(when, 6, 2) + 0, substr(when, 9, 2) + 0, substr(when, 12, 8))
            exit !(at > seconds(date[4] + 0, month, date[2] + 0, date[5]) + 5)
        }'
}

# no_such_date N POINTER: a timestamp of the right form names a day or a time that does not exist.
no_such_date() {
    WHEN=$(value "$1" "$2") awk 'BEGIN {
        split(substr(ENVIRON["WHEN"], 2), part, /[-T:.Z]/)
        if (part[6] == "") exit 1
        year = part[1] + 0; month = part[2] + 0; day = part[3] + 0
        days = month == 2 ? 28 + (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)) : 30 + (month + int(month / 8)) % 2
        exit !(month < 1 || month > 12 || day < 1 || day > days || part[4] > 23 || part[5] > 59 || part[6] > 60)
    }'
}

# not_utf_8 N STATUS: the body has bytes that are not UTF-8.
not_utf_8() {
    same_status "$1" "$2" || return 1
    more="[$(printf '\200')-$(printf '\277')]"
    sed -e "s/[$(printf '\302')-$(printf '\337')]$more//g" -e "s/[$(printf '\340')-$(printf '\357')]$more$more//g" \
        -e "s/[$(printf '\360')-$(printf '\364')]$more$more$more//g" "$DIR/$1.body" | grep -q "[$(printf '\200')-$(printf '\377')]"
}

# undecodable N STATUS: curl cannot decode the body by its Content-Encoding.
undecodable() {
    [ -n "$COMPRESSED" ] || return 3
    same_status "$1" "$2" && [ "$(cat "$DIR/$1.code")" = 61 ]
}

# history WORDS...: each WORDS is "COUNT STATUS STATE N..."; at least COUNT of these responses have the status and state.
history() {
    for words in "$@"; do
        # shellcheck disable=SC2086 # several words
        set -- $words
        left=$1 wanted=$2 state=$3
        shift 3
        for n in "$@"; do
            [ "$(status "$n")" = "$wanted" ] || continue
            found=$(value "$n" /state)
            [ "$state" = - ] && [ -z "$found" ] || [ "\"$state\"" = "$found" ] || continue
            left=$((left - 1))
        done
        [ "$left" -le 0 ] || return 1
    done
}

# check REQUIREMENT STEP EXPECTED ACTUAL PREDICATE...: reports one failure of the run.
check() {
    requirement=$1 step=$2 expected=$3 actual=$4
    shift 4
    "$@"
    result=$?
    case $result in
    0) words=$SAY_AGAIN shown=1 ;;
    1) words=$SAY_NOT_AGAIN ;;
    *) words=$SAY_UNDECIDED undecided=1 ;;
    esac
    [ -z "$QUIET" ] || return 0
    say "$requirement ($step): $words"
    say "  $SAY_EXPECTED: $expected"
    say "  $SAY_ACTUAL: $actual"
}

undecided() { return 3; }

RESULT=2
set -u
umask 077
export LC_ALL=C
COMPRESSED=$(curl --version 2>/dev/null | grep -c libz)
[ "$COMPRESSED" != 0 ] || COMPRESSED=
command -v curl >/dev/null || give_up "$SAY_NO_CURL"
