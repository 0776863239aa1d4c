"""What the target's answers say about token, rights, prefix, rate limit and clock. Pure: looks at answers alone."""

from __future__ import annotations

import email.utils
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from conformance.arrange.refusals import outcome
from conformance.client.connection_errors import Reason
from conformance.contract.strict_json import NotStrictJson, parse
from conformance.doctor.check_result import CheckResult, bad, good, unknown
from conformance.doctor.network import shown
from conformance.doctor.probes import COLLECTIONS, ProbeResponses, entries_of, status_of
from conformance.exchange import Exchange, Response
from conformance.reporting.escaping import escape_line
from conformance.target import DEFAULT_API_PREFIX, Target
from conformance.text import Text, join

_SKEW: Final = 60.0
"""Seconds by which two clocks may differ before times in reports, and lives of tokens, are told wrongly."""

_LIMIT_HEADERS: Final = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after")
_BUSY: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_SHOWN: Final = 80


def findings(answers: ProbeResponses, target: Target) -> Iterator[CheckResult]:
    """Every point that the answers tell something of."""
    yield _http(answers.listing, answers.trouble)
    response = answers.listing.response
    if response is None:
        return
    yield _prefix(answers, target)
    yield _token(answers)
    if answers.tokens:
        yield _optional_tokens(answers.tokens)
    if answers.lists or response.status == HTTPStatus.FORBIDDEN:
        yield _rights(answers)
    if (entries := entries_of(answers.listing)) is not None:
        yield _kinds(entries)
    yield _rate_limit(response)
    yield _clock(answers, response)


def _http(listing: Exchange, trouble: Reason | None) -> CheckResult:
    response = listing.response
    if trouble is not None:
        return bad("http", Text("no answer ({why})", "没有响应（{why}）").format(why=shown(trouble)), trouble.hint)
    assert response is not None, "else there is a reason"
    milliseconds = f"{(listing.completed - listing.invoked) * 1000:.0f}"
    words = Text("HTTP {status} in {n} ms", "HTTP {status}，用时 {n} 毫秒").format(
        status=response.status, n=milliseconds
    )
    if 300 <= response.status < 400:
        where = escape_line(response.header("location") or "?", _SHOWN)
        return bad(
            "http",
            Text("{words}: a redirect to {where}", "{words}：重定向到 {where}").format(words=words, where=where),
            Text(
                "redirects are not followed; give the final address as --base-url",
                "不跟随重定向；请以最终地址作为 --base-url",
            ),
        )
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR and response.status not in _BUSY:
        fix = Text("the server or its gateway is in trouble: look into its log", "服务器或网关出错：请查看其日志")
        # A run gives up where a gateway answers in the server's place; with a list that alone is broken it goes on.
        return (bad if listing.outcome != "ok" else unknown)("http", words, fix)
    return good("http", words)


def _prefix(answers: ProbeResponses, target: Target) -> CheckResult:
    """Whether what answers under the prefix looks like the API."""
    prefix = escape_line(target.api_prefix or "/")
    status = status_of(answers.listing)
    if entries_of(answers.listing) is not None and status == HTTPStatus.OK:
        return good(
            "prefix",
            Text("the environments are listed below {prefix}", "可在 {prefix} 之下列出 environment").format(
                prefix=prefix
            ),
        )
    coding = _coding(answers.listing)
    if coding is not None:
        return bad(
            "prefix",
            Text(
                "the answer has a content coding that cannot be undone ({coding})",
                "响应使用了无法解码的内容编码（{coding}）",
            ).format(coding=coding),
            Text(
                "let the server, or what stands in front of it, compress with gzip or not at all: Accept-Encoding says so",
                "请让服务器或其前端按 Accept-Encoding 使用 gzip 压缩或不压缩",
            ),
        )
    if answers.elsewhere is not None:
        return bad(
            "prefix",
            Text("nothing is below {prefix}", "{prefix} 之下没有内容").format(prefix=prefix),
            Text("did you mean --api-prefix {found}?", "是否应为 --api-prefix {found}？").format(
                found=answers.elsewhere or '""'
            ),
        )
    if status == HTTPStatus.OK and _is_json(answers.listing):
        return unknown(
            "prefix",
            Text("the list below {prefix} has no `data`", "{prefix} 之下的列表没有 `data`").format(prefix=prefix),
            Text(
                "a run works without it; `clean` finds nothing without it",
                "运行不需要该列表；但 `clean` 没有它就找不到遗留对象",
            ),
        )
    if status == HTTPStatus.OK:
        return bad(
            "prefix",
            Text(
                "what answers below {prefix} is not the API: no list in JSON",
                "{prefix} 之下的应答者不是该 API：没有 JSON 列表",
            ).format(prefix=prefix),
            _PREFIX_MEND,
        )
    if status == HTTPStatus.NOT_FOUND:
        words = Text(
            "no environments are listed below {prefix} (HTTP 404)", "{prefix} 之下无法列出 environment（HTTP 404）"
        )
        return unknown("prefix", words.format(prefix=prefix), _GIVEN_MEND)
    return unknown("prefix", Text("cannot be told from this answer", "无法由此响应判断"))


def _coding(exchange: Exchange) -> str | None:
    """The content coding of an answer that could not be decoded."""
    response = exchange.response
    if response is None or response.body.problem != "bad-content-encoding":
        return None
    return escape_line(response.header("content-encoding") or "?", _SHOWN)


_PREFIX_MEND: Final = Text(
    f"check --base-url and --api-prefix (default {DEFAULT_API_PREFIX}): together they lead to /environments",
    f"请检查 --base-url 和 --api-prefix（默认 {DEFAULT_API_PREFIX}）：二者合起来应指向 /environments",
)
_GIVEN_MEND: Final = Text(
    "check --api-prefix; a target without this list is judged on given items (--arrange manifest or command)",
    "请检查 --api-prefix；没有该列表的目标可用给定的 item 判定（--arrange manifest 或 command）",
)


def _is_json(exchange: Exchange) -> bool:
    try:
        parse(exchange.response.body.text if exchange.response is not None else "")
    except NotStrictJson:
        return False
    return True


def _token(answers: ProbeResponses) -> CheckResult:
    status = status_of(answers.listing)
    if status == HTTPStatus.UNAUTHORIZED:
        return bad(
            "token",
            Text("refused ({outcome})", "被拒绝（{outcome}）").format(outcome=escape_line(outcome(answers.listing))),
            Text(
                "set QODER_PAT, or the variable that --pat-env names, to a valid token of this target, not one of another edition",
                "请将 QODER_PAT 或 --pat-env 指定的变量设置为该目标的有效 token，而非其他版本环境的 token",
            ),
        )
    if answers.anonymous is not None and status_of(answers.anonymous) == HTTPStatus.OK:
        return unknown(
            "token",
            Text("the list is answered without a token too", "不带 token 也能列出"),
            Text("whether it is valid shows only in a run", "token 是否有效要在运行时才能得知"),
        )
    if answers.lists or status == HTTPStatus.FORBIDDEN:
        return good("token", Text("accepted", "已被接受"))
    return unknown("token", Text("cannot be told from this answer", "无法由此响应判断"))


def _optional_tokens(answers: Mapping[str, Exchange]) -> CheckResult:
    """An expired token has to be refused, the others known."""
    wrong = []
    for kind, exchange in answers.items():
        refused = status_of(exchange) == HTTPStatus.UNAUTHORIZED
        if exchange.response is not None and refused != (kind == "expired"):
            wrong.append(f"QODER_{kind.upper()}_PAT")
    if not wrong:
        return good("optional-tokens", Text("as they should be: {n}", "{n} 个，均符合预期").format(n=len(answers)))
    return bad(
        "optional-tokens",
        Text("not what they should be: {names}", "不符合预期：{names}").format(names=", ".join(wrong)),
        Text(
            "QODER_EXPIRED_PAT must be refused with 401, the other two accepted; leave out what you do not have",
            "QODER_EXPIRED_PAT 应被 401 拒绝，另外两个应被接受；没有的请勿设置",
        ),
    )


def _rights(answers: ProbeResponses) -> CheckResult:
    """What the token may list. Whether it may create is not tried by reading."""
    lists = {"environments": answers.listing, **answers.lists}
    if answers.models is not None:
        lists["models"] = answers.models
    refused = [name for name in lists if status_of(lists[name]) in {HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED}]
    allowed = [name for name in lists if status_of(lists[name]) == HTTPStatus.OK]
    if refused:
        said = next(words for name in lists if name in refused for words in [outcome(lists[name])])
        text = Text("the token may not list {names} ({said})", "token 无权列出 {names}（{said}）")
        # A run begins with the list of environments, and needs none of the others: `clean` does.
        return (bad if "environments" in refused else unknown)(
            "rights",
            text.format(names=", ".join(refused), said=escape_line(said)),
            Text(
                "use a token that may list and create environments, agents and sessions",
                "请使用有权列出并创建 environment、agent 和 session 的 token",
            ),
        )
    words = Text("may list {names}", "可列出 {names}").format(names=", ".join(allowed))
    if set(COLLECTIONS) <= set(allowed):
        return good("rights", words)
    missing = ", ".join(name for name in lists if name not in allowed)
    return unknown(
        "rights",
        Text("{words}; not answered: {missing}", "{words}；未应答：{missing}").format(words=words, missing=missing),
        Text(
            "a target without these is judged on given items (--arrange)",
            "没有这些列表的目标可用给定的 item 判定（--arrange）",
        ),
    )


def _kinds(entries: list[object]) -> CheckResult:
    """The kinds of environments that are there; a run makes its own."""
    kinds: Counter[str] = Counter()
    for entry in entries:
        config = entry.get("config") if isinstance(entry, dict) else None
        kind = config.get("type") if isinstance(config, dict) else None
        kinds[escape_line(kind, 40) if isinstance(kind, str) else "?"] += 1
    if not kinds:
        return unknown("kinds", Text("none yet; a run makes its own", "尚无；运行时会自行创建"))
    counted = Text("{n} of kind {kind}", "{kind} {n} 个")
    words = join(Text(", ", "，"), [counted.format(n=n, kind=kind) for kind, n in kinds.most_common(5)])
    return good("kinds", Text("{words}; a run makes its own", "{words}；运行时会自行创建").format(words=words))


def _rate_limit(response: Response) -> CheckResult:
    told = {name: value for name in _LIMIT_HEADERS if (value := response.header(name)) is not None}
    words = ", ".join(f"{name}: {escape_line(value, _SHOWN)}" for name, value in told.items())
    if response.status in _BUSY:
        return unknown(
            "rate-limit",
            Text("turned away with HTTP {status} ({words})", "被拒绝：HTTP {status}（{words}）").format(
                status=response.status, words=words or "-"
            ),
            Text("wait and try again; lower --max-rate for a run", "请稍后重试；运行时请降低 --max-rate"),
        )
    if told:
        return good("rate-limit", Text("{words}", "{words}").format(words=words))
    return unknown(
        "rate-limit", Text("no header tells one; --max-rate keeps to 20/50", "没有头部说明；--max-rate 默认 20/50")
    )


def _clock(answers: ProbeResponses, response: Response) -> CheckResult:
    """A Date header has whole seconds: its middle is compared with the middle of the request."""
    try:
        shown = email.utils.parsedate_to_datetime(response.header("date") or "")
        shown = shown if shown.tzinfo else shown.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return unknown("clock", Text("the target tells no time (Date)", "目标未给出时间（Date）"))
    here = answers.answered_at
    seconds = _between(here, shown) + 0.5 + (answers.listing.completed - answers.listing.invoked) / 2
    if abs(seconds) <= _SKEW:
        return good("clock", Text("agrees within {n} s", "相差不超过 {n} 秒").format(n=f"{max(1.0, abs(seconds)):.0f}"))
    return unknown(
        "clock",
        Text("the target's is {n} s {way}", "目标的时钟{way} {n} 秒").format(
            n=f"{abs(seconds):.0f}", way=Text("ahead", "快") if seconds > 0 else Text("behind", "慢")
        ),
        Text(
            "set the clock that is wrong (NTP): tokens expire and times are told by it",
            "请校正有误的时钟（NTP）：token 有效期和各处时间都以它为准",
        ),
    )


def _between(here: datetime, there: datetime) -> float:
    return (there - here).total_seconds()
