"""Writes a reproduction script: its head, the functions, the requests, and the comparison with the run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from conformance import __version__
from conformance.arrange.item_spec import ItemSpec
from conformance.chapters.registry import scenarios
from conformance.exchange import Exchange, Transcript
from conformance.judging.request_variables import AGENT, CLOUD_ENVIRONMENT, ENVIRONMENT, SECOND_ENVIRONMENT
from conformance.judging.run_result import RunMetadata, RunResult
from conformance.judging.verdict import Verdict
from conformance.reporting.escaping import escape_line
from conformance.reporting.next_steps import REPRODUCTIONS
from conformance.reporting.reproduction.requests import RequestWords
from conformance.reporting.reproduction.script_text import EMBEDDED, MORE, PREPARED, SAID, TITLE, USAGE
from conformance.reporting.reproduction.shell_words import comment, literal
from conformance.reporting.reproduction.steps import Plan, Step, plan_steps
from conformance.reporting.reproduction.symptoms import Condition, Symptom, symptoms_of
from conformance.text import Lang

_SHOWN: Final = 12
"""How many failures a script compares."""
_OFTEN: Final = 20
_NAME: Final = """'{"name": "reproduction-'"$(fresh)\""""
_AGENT_BODY: Final = _NAME + """'", "model": '"$MODEL"', "system": "Reply with one word."}'"""
"""JSON bodies of new objects as shell words."""
_PER_REQUEST: Final = frozenset({"content-type", "user-agent"})


def failing_scenarios(record: RunResult) -> dict[str, list[Verdict]]:
    """Return the verdicts with failures by scenario, for the scenarios of this version."""
    found: dict[str, list[Verdict]] = {}
    for verdict in record.verdicts:
        if verdict.failures and verdict.kind in {"failed", "warned", "waived"} and verdict.line.scenario in scenarios():
            found.setdefault(verdict.line.scenario, []).append(verdict)
    return found


def script_name(scenario: str) -> str:
    """Return the path of a scenario's script in the run's folder."""
    return f"{REPRODUCTIONS}/{scenario}.sh"


def script(transcript: Transcript, verdicts: Sequence[Verdict], about: RunMetadata, lang: Lang) -> str:
    """Return the text of a scenario's reproduction script."""
    every = symptoms_of(verdicts, transcript)
    symptoms = every[:_SHOWN]
    steps = {step for each in symptoms for step in each.condition.steps}
    plan = plan_steps(transcript, about.worker_header, {each.step for each in symptoms}, steps)
    api = about.base_url + about.api_prefix
    requests = RequestWords(plan, api, about.worker_header)
    body = [*_attempt(plan, requests), "", *_checks(symptoms, plan, lang), "", *_main(plan, requests, symptoms)]
    often = plan.race or any(verdict.repetitions is not None and verdict.repetitions.flaky for verdict in verdicts)
    head = _head(plan, requests, about, lang, often=often)
    more = [comment(MORE.format(n=len(every) - _SHOWN).in_(lang)), ""] if len(every) > _SHOWN else []
    return "\n".join([*head, "", *more, _library(), *body]) + "\n"


@cache
def _library() -> str:
    return (files(__package__) / "library.sh").read_text("utf-8")


def _head(plan: Plan, requests: RequestWords, about: RunMetadata, lang: Lang, *, often: bool) -> Iterator[str]:
    known = scenarios()[plan.transcript.scenario]
    names = [*requests.secrets, *(dict.fromkeys(plan.ids.values()) if plan.prepared else ())]
    repeat = _OFTEN if often and not plan.prepared else 1
    yield "#!/bin/sh"
    yield comment(TITLE.format(scenario=known.id, title=known.title).in_(lang))
    yield "#"
    for line in USAGE:
        yield comment(line.format(variables=", ".join(names), repeat=repeat).in_(lang))
    if about.embedded:
        yield comment(EMBEDDED.in_(lang))
    if plan.prepared:
        way = plan.transcript.facts.get("way", ())
        state = ItemSpec(transitions=tuple(way)).state if isinstance(way, list) else ""
        yield comment(PREPARED.format(state=state).in_(lang))
    yield ""
    yield f"BASE_URL=${{BASE_URL:-{_default(about.base_url)}}}"
    yield f"API=$BASE_URL{literal(about.api_prefix) if about.api_prefix else ''}"
    yield f"SETUP_URL=${{SETUP_URL:-{_setup_url(plan, requests)}}}"
    yield f"REPEAT=${{REPEAT:-{repeat}}}"
    options = "--insecure" if about.insecure else ""
    yield f"CURL_OPTIONS=${{CURL_OPTIONS:-{options}}}"
    yield f"USER_AGENT={literal(f'work-conformance/{about.suite_version or __version__}')}"
    yield "QUIET='' QUERY=''"
    for name, text in SAID.items():
        yield f"{name}={literal(text.in_(lang))}"


def _default(text: str) -> str:
    """Return a default value within `${NAME:-…}`: quoted, so that nothing in it is special."""
    return "'" + text.replace("'", "%27").replace("}", "%7D") + "'" if text else ""


def _setup_url(plan: Plan, requests: RequestWords) -> str:
    created = _creation(plan)
    if created is None or requests.base_of(created.request.url)[0] == "API":
        return "$API"
    rest = requests.base_of(created.request.url)[1]
    return _default(created.request.url.removesuffix(rest))


def _creation(plan: Plan) -> Exchange | None:
    return next((each.exchange for each in plan.steps if each.exchange.operation == "create_session"), None)


def _attempt(plan: Plan, requests: RequestWords) -> Iterator[str]:
    yield "# ---- the requests of the scenario " + "-" * 84
    yield ""
    yield "attempt() {"
    yield from (f"    {line}" for line in _workers(plan))
    burst = [step for step in plan.steps if step.burst]
    for step in plan.steps:
        if not step.burst:
            yield from (f"    {line}" for line in _sent(step, requests, plan))
        elif step is burst[0]:
            yield from (f"    {line}" for line in _burst(burst, requests))
    yield "}"


def _workers(plan: Plan) -> Iterator[str]:
    for core in sorted({worker.core for worker in plan.workers.values() if worker.core is not None}):
        yield f"digits_{core + 1}=$(fresh)"
    for place, worker in enumerate(plan.workers.values()):
        if plan.prepared and place == 0:
            yield f"{worker.variable}=${{{worker.variable}:-{_default(worker.value)}}}"
        elif worker.core is None:
            yield f"{worker.variable}={literal(worker.value)}"
        else:
            before, _, after = worker.value.partition(worker.shown)
            digits = f'"$digits_{worker.core + 1}"'
            if worker.shown != worker.shown.lower():
                digits = f'"$(printf %s {digits} | tr a-f A-F)"'
            yield f"{worker.variable}={literal(before) if before else ''}{digits}{literal(after) if after else ''}"


def _sent(step: Step, requests: RequestWords, plan: Plan) -> Iterator[str]:
    if step.pause:
        yield f"sleep {step.pause}"
    exchange = step.exchange
    words = [str(step.number), literal(exchange.step), _status(exchange), *requests.words(exchange)]
    if step.kind == "deliver":
        name = step.gives[0][1] if step.gives else "-"
        yield " ".join(["deliver", name, *words])
        if step.gives:
            environment = _environment(exchange, plan)
            yield f'work "${environment}" "${name}"' if environment else f"# {name}"
        return
    yield " ".join(["request", *words])
    if step.kind == "list":
        session, name = step.gives[0]
        yield f'until listed {name} {step.number} "${session}"; do sleep 1; {" ".join(["request", *words])}; must {step.number}; done'
        environment = _environment(exchange, plan)
        yield f'work "${environment}" "${name}"' if environment else f"# {name}"
        return
    if step.needed:
        yield f"must {step.number}"
    for pointer, name in step.gives:
        yield f"take {name} {step.number} {pointer}"
        yield f'created sessions "${name}"'


def _environment(exchange: Exchange, plan: Plan) -> str | None:
    names = [name for each, name in plan.ids.items() if f"/{each}/" in exchange.request.url]
    return next((name for name in names if name.startswith(ENVIRONMENT)), None)


def _status(exchange: Exchange) -> str:
    return str(exchange.response.status) if exchange.response is not None else "-"


def _burst(burst: Sequence[Step], requests: RequestWords) -> Iterator[str]:
    """Yield lines that send the requests of a race at the same time; a late one follows the one that it waits for."""
    followers = {step.after: step for step in burst if step.after is not None}
    for step in burst:
        if step.after is not None and any(each.exchange.step == step.after for each in burst):
            continue
        line = " ".join(["send", str(step.number), *requests.words(step.exchange)])
        late = followers.get(step.exchange.step)
        if late is not None:
            line = f"{{ {line}; {' '.join(['send', str(late.number), *requests.words(late.exchange)])}; }}"
        yield f"{line} &"
    yield "wait"
    for step in burst:
        method, url = requests.words(step.exchange)[:2]
        yield f"report {step.number} {literal(step.exchange.step)} {_status(step.exchange)} {method} {url}"


def _checks(symptoms: Sequence[Symptom], plan: Plan, lang: Lang) -> Iterator[str]:
    yield "# What was wrong in the run, and whether it is wrong again."
    yield "compare() {"
    yield "    shown='' undecided=''"
    for each in symptoms:
        names = ", ".join(each.requirements[:3]) + (", …" if len(each.requirements) > 3 else "")
        actual = each.actual.in_(lang) + (f" ({each.pointer})" if each.pointer else "")
        said = [literal(_short(text)) for text in (names, each.step, each.expected.in_(lang), actual)]
        yield " ".join(["    check", *said, *_condition(each.condition, plan)])
    yield "}"


def _short(text: str) -> str:
    return escape_line(text, 500)


def _condition(condition: Condition, plan: Plan) -> Iterator[str]:
    if any(step not in plan.numbers for step in condition.steps):
        yield "undecided"
        return
    for place, word in enumerate(condition.words):
        if place not in condition.numbered:
            yield literal(word) if place else word
        elif "\n" in word:
            first, *steps = word.split("\n")
            yield literal(" ".join([first, *(str(plan.numbers[step]) for step in steps)]))
        else:
            yield str(plan.numbers[word])


def _main(plan: Plan, requests: RequestWords, symptoms: Sequence[Symptom]) -> Iterator[str]:
    yield "# ---- start " + "-" * 108
    yield ""
    setup = list(_setup(plan, requests))
    if requests.secrets or plan.prepared:
        names = [*requests.secrets, *(dict.fromkeys(plan.ids.values()) if plan.prepared else ())]
        yield "need " + " ".join(names)
    yield "DIR=${TMPDIR:-/tmp}/reproduction.$$"
    yield 'mkdir "$DIR" || exit 2'
    yield "trap finish EXIT"
    yield "trap 'exit 2' HUP INT TERM"
    yield from setup
    yield "repetition=0 QUIET=1"
    yield 'while [ "$repetition" -lt "$REPEAT" ]; do'
    yield "    repetition=$((repetition + 1))"
    yield '    [ "$REPEAT" = 1 ] || say "$SAY_REPETITION $repetition"'
    yield "    attempt"
    yield "    compare"
    yield '    [ -z "$shown" ] || break'
    yield "done"
    yield "QUIET=''"
    for step in list(dict.fromkeys(each.step for each in symptoms))[:3]:
        if step in plan.numbers:
            yield f'say "$SAY_RESPONSE" {literal(_short(step))}'
            yield f"answer {plan.numbers[step]}"
    exhibit = next((each.exhibit for each in symptoms if each.exhibit), "")
    if exhibit:
        yield 'say "$SAY_HISTORY"'
        for line in exhibit.splitlines():
            yield f"say {literal('  | ' + _short(line))}"
    yield "compare"
    yield '[ -z "$shown" ] || exit 1'
    yield '[ -z "$undecided" ] || exit 3'
    yield "exit 0"


def _setup(plan: Plan, requests: RequestWords) -> Iterator[str]:
    """Yield lines that create what the scenarios of the run shared, and the function that removes it."""
    created = _creation(plan)
    if created is None:
        yield "clean_up() { :; }"
        return
    headers = " ".join(requests.headers(created, without=_PER_REQUEST))
    yield f"QUERY={requests.query_of(created)}"
    yield f'clean_up() {{ remove "$1" "$2" {headers}; }}'
    names = list(dict.fromkeys(plan.ids.values()))
    for name in names:
        if name.startswith(AGENT):
            yield f"choose_model {headers}"
            yield f'create {name} agents {_AGENT_BODY} {headers} || give_up "$SAY_REFUSED"'
        elif name == CLOUD_ENVIRONMENT:
            first, second = (
                f"create {name} environments {_environment_body(kind)} {headers}" for kind in ("cloud", "managed")
            )
            yield f'{first} || {second} || give_up "$SAY_REFUSED"'
        elif name.startswith(ENVIRONMENT) or name == SECOND_ENVIRONMENT:
            yield f'create {name} environments {_environment_body("self_hosted")} {headers} || give_up "$SAY_REFUSED"'


def _environment_body(kind: str) -> str:
    return _NAME + '\'", "config": ' + json.dumps({"type": kind}) + "}'"
