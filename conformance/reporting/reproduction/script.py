"""Writes a reproduction script: its head, the functions, the requests, and the comparison with the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Final

from conformance import __version__
from conformance.arrange.item_spec import ItemSpec
from conformance.chapters.registry import every_scenario
from conformance.exchange import Transcript
from conformance.judging.change import VIOLATED
from conformance.judging.run_result import RunMetadata, RunResult
from conformance.judging.verdict import Verdict
from conformance.reporting.escaping import escape_line
from conformance.reporting.next_steps import REPRODUCTIONS
from conformance.reporting.reproduction.attempt import attempt
from conformance.reporting.reproduction.condition import Condition
from conformance.reporting.reproduction.preparation import preparation
from conformance.reporting.reproduction.requests import RequestWords
from conformance.reporting.reproduction.script_text import EMBEDDED, MORE, PREPARED, SAID, TITLE, USAGE
from conformance.reporting.reproduction.shell_words import comment, default, literal
from conformance.reporting.reproduction.steps import Plan, plan_steps
from conformance.reporting.reproduction.symptoms import Symptom, symptoms_of
from conformance.text import Lang

_SHOWN: Final = 12
"""How many failures a script compares."""
_OFTEN: Final = 20


def failing_scenarios(record: RunResult) -> dict[str, list[Verdict]]:
    """Return the verdicts with failures by scenario, for the scenarios of this version."""
    found: dict[str, list[Verdict]] = {}
    for verdict in record.verdicts:
        if verdict.failures and verdict.kind in VIOLATED and verdict.line.scenario in every_scenario():
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
    plan = plan_steps(transcript, about.worker_header, {each.step for each in every}, steps)
    api = about.base_url + about.api_prefix
    requests = RequestWords(plan, api, about.worker_header)
    body = [*attempt(plan, requests), "", *_checks(symptoms, plan, lang), "", *_main(plan, requests, symptoms, lang)]
    often = plan.race or any(verdict.repetitions is not None and verdict.repetitions.flaky for verdict in verdicts)
    head = _head(plan, requests, about, lang, often=often)
    more = [comment(MORE.format(n=len(every) - _SHOWN).in_(lang)), ""] if len(every) > _SHOWN else []
    return "\n".join([*head, "", *more, _library(), *body]) + "\n"


@cache
def _library() -> str:
    return (files(__package__) / "library.sh").read_text("utf-8")


def _head(plan: Plan, requests: RequestWords, about: RunMetadata, lang: Lang, *, often: bool) -> Iterator[str]:
    known = every_scenario()[plan.transcript.scenario]
    names = _required_variables(plan, requests)
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
    yield default("BASE_URL", literal(about.base_url))
    yield f"API=$BASE_URL{literal(about.api_prefix) if about.api_prefix else ''}"
    yield default("SETUP_URL", _setup_url(requests))
    yield default("REPEAT", str(repeat))
    yield default("CURL_OPTIONS", literal(" ".join(_curl_options(about))))
    yield f"USER_AGENT={literal(f'work-conformance/{about.suite_version or __version__}')}"
    yield "QUIET='' QUERY=''"
    for name, text in SAID.items():
        yield f"{name}={literal(text.in_(lang))}"


_CURL: Final = {"--ca-bundle": "--cacert", "--client-cert": "--cert", "--proxy": "--proxy"}


def _curl_options(about: RunMetadata) -> Iterator[str]:
    """Yield curl's options for the connection of the run; the variable cannot hold a path with white space."""
    if about.insecure:
        yield "--insecure"
    if "--http2" in about.rerun_options:
        yield "--http2"
    for name, value in pairwise(about.rerun_options):
        if name in _CURL and not any(map(str.isspace, value)):
            yield from (_CURL[name], value)


def _required_variables(plan: Plan, requests: RequestWords) -> list[str]:
    """Return the variables that the reader must set: the secrets, and the ids of prepared items."""
    return [*requests.secrets, *(dict.fromkeys(plan.ids.values()) if plan.prepared else ())]


def _setup_url(requests: RequestWords) -> str:
    created = requests.creation()
    if created is None or requests.base_of(created.request.url)[0] == "API":
        return "$API"
    rest = requests.base_of(created.request.url)[1]
    return literal(created.request.url.removesuffix(rest))


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
            yield literal(" ".join([first, *(plan.numbers[step] for step in steps)]))
        else:
            yield plan.numbers[word]


def _main(plan: Plan, requests: RequestWords, symptoms: Sequence[Symptom], lang: Lang) -> Iterator[str]:
    yield "# ---- start " + "-" * 108
    yield ""
    setup = list(preparation(plan, requests))
    if requests.secrets or plan.prepared:
        yield f"SECRETS={literal(' '.join(requests.secrets))}"
        yield "export SECRETS"
        yield "need " + " ".join(_required_variables(plan, requests))
    yield "DIR=${TMPDIR:-/tmp}/reproduction.$$"
    yield 'mkdir "$DIR" || exit 2'
    yield "trap finish EXIT"
    yield "trap 'exit 2' HUP INT TERM"
    yield from setup
    yield "repetition=0 QUIET=1"
    yield 'while [ "$repetition" -lt "$REPEAT" ]; do'
    yield "    repetition=$((repetition + 1))"
    yield '    [ "$repetition" = 1 ] || stop_work'
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
    exhibit = next((each.exhibit for each in symptoms if each.exhibit), None)
    if exhibit is not None:
        yield 'say "$SAY_HISTORY"'
        for line in exhibit.in_(lang).splitlines():
            yield f"say {literal('  | ' + _short(line))}"
    yield "compare"
    yield "RESULT=0"
    yield '[ -z "$undecided" ] || RESULT=3'
    yield '[ -z "$shown" ] || RESULT=1'
