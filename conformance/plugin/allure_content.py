"""Contents of an Allure result: name, identity, labels, links and texts; and the files written once per run.

All text here is the suite's own or escaped. Allure renders a description as Markdown, so descriptions never contain
text from the target.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from typing import Final

from allure_commons.model2 import Label, Link, Status, StatusDetails
from allure_commons.types import LabelType, LinkType, Severity

from conformance.contract.catalogue import Level, Requirement, load_catalogue
from conformance.contract.operations import Profile
from conformance.exchange import Exchange, Header
from conformance.judging.run_result import RunMetadata
from conformance.judging.verdict import WORDS, PlannedCheck, Verdict, VerdictKind
from conformance.reporting.escaping import escape_line
from conformance.reporting.messages import LOST, level_and_basis, scenario_title, summary
from conformance.reporting.next_step_lines import steps_and_explanation
from conformance.reporting.next_steps import JudgedServer
from conformance.text import LANGS, Lang, Text

SUITE: Final = Text("Work API conformance: ack", "Work API 契约符合性：ack")
_SUITES: Final[Mapping[Profile, Text]] = {
    "work": Text("Work API conformance: other operations", "Work API 契约符合性：其他操作"),
    "worker": Text("Work API conformance: worker", "Work API 契约符合性：worker"),
}
"""The suites of requirements that are not about acks."""

LONGEST_TEXT: Final = 4000
"""Maximum characters of one target text in an explanation; attachments hold the full text."""

_STATUSES: Final[dict[VerdictKind, str]] = {
    "failed": Status.FAILED,
    "suite-error": Status.BROKEN,
    "inconclusive": Status.BROKEN,
    "waived": Status.SKIPPED,
    "warned": Status.PASSED,
    "passed": Status.PASSED,
    "observed": Status.PASSED,
    "not-exercised": Status.SKIPPED,
}

_SEVERITIES: Final[dict[Level, Severity]] = {
    "MUST": Severity.CRITICAL,
    "SHOULD": Severity.NORMAL,
    "OBSERVE": Severity.TRIVIAL,
}

_NO_ANSWER: Final = {
    "ok": Text("no response", "没有响应"),
    "fail": Text("not delivered", "未送达"),
    "unknown": Text("no complete response", "没有完整的响应"),
}

_TITLE: Final[dict[Lang, int]] = {"en": 100, "zh": 50}
_MAX_FAILURES: Final = 5
_UNTOLD: Final = frozenset({"passed", "observed"})


def identity(line: PlannedCheck) -> str:
    """Return the check's identity, which is the same in every run, language and folder."""
    return f"work-conformance.{line.scenario}#{line.requirement}"


def status(verdict: Verdict | None) -> str:
    """Return Allure's status for a verdict; a lost verdict is `broken`, because it is an error of the suite."""
    return _STATUSES[verdict.kind] if verdict is not None else Status.BROKEN


def title(requirement: Requirement, lang: Lang) -> str:
    """Return the requirement's short title followed by its id."""
    text, longest = requirement.text.in_(lang).replace("`", ""), _TITLE[lang]
    if len(text) > longest:
        cut = text[:longest]
        text = (cut.rpartition(" ")[0] if lang == "en" else cut.rstrip()) + "…"
    return f"{text} [{requirement.id}]"


def description(requirement: Requirement, lang: Lang) -> str:
    """Return the requirement's full text and its source."""
    parts = [requirement.text.in_(lang), f"{level_and_basis(requirement).in_(lang)} [`{requirement.id}`]"]
    if requirement.inference is not None:
        parts.append(requirement.inference.in_(lang))
    return "\n\n".join(parts)


def links(requirement: Requirement) -> Iterator[Link]:
    """Yield links to the docs pages in both languages."""
    for lang in LANGS:
        for source in requirement.sources:
            name = f"[{lang}] {source.title.in_(lang)} § {source.section.in_(lang)}"
            yield Link(type=LinkType.LINK, url=source.url.in_(lang), name=name)


def suites(requirement: Requirement, scenario: str, lang: Lang) -> list[str]:
    """Return the check's path in Allure's suite tree."""
    chapter = load_catalogue().chapter(requirement.chapter)
    suite = _SUITES.get(load_catalogue().profile_of(requirement.id), SUITE)
    return [text.in_(lang) for text in (suite, chapter.title, scenario_title(scenario))]


def labels(requirement: Requirement, scenario: str, verdict: Verdict | None, lang: Lang) -> Iterator[Label]:
    """Yield the labels by which a report can be searched and grouped."""
    kind = verdict.kind if verdict is not None else "suite-error"
    suite, chapter, story = suites(requirement, scenario, lang)
    values = (
        (LabelType.EPIC, suite),
        (LabelType.FEATURE, chapter),
        (LabelType.STORY, story),
        (LabelType.SEVERITY, _SEVERITIES[requirement.level].value),
        ("requirement", requirement.id),
        ("scenario", scenario),
        ("level", requirement.level),
        ("basis", requirement.basis),
        ("verdict", kind),
        ("chapter", requirement.chapter),
        (LabelType.TAG, requirement.level),
        (LabelType.TAG, kind),
        (LabelType.PARENT_SUITE, suite),
        (LabelType.SUITE, chapter),
        (LabelType.SUB_SUITE, story),
        (LabelType.FRAMEWORK, "pytest"),
        (LabelType.LANGUAGE, "python"),
        (LabelType.HOST, platform.node()),
        (LabelType.THREAD, os.environ.get("PYTEST_XDIST_WORKER", "main")),
    )
    for name, value in values:
        yield Label(name=name, value=value)


def details(verdict: Verdict | None, lang: Lang, server: JudgedServer) -> StatusDetails | None:
    """Return a verdict as one line that begins with its kind, and in full with the next steps; None if it has nothing to say."""
    if verdict is None:
        return StatusDetails(message=headline("suite-error", LOST).in_(lang))
    if verdict.observation is not None:
        return StatusDetails(message=headline(verdict.kind, verdict.observation).in_(lang))
    if verdict.kind in _UNTOLD:
        return None
    return StatusDetails(
        message=headline(verdict.kind, summary(verdict)).in_(lang),
        trace=steps_and_explanation(verdict, server, lang, failures=_MAX_FAILURES, limit=LONGEST_TEXT),
    )


def response_status_text(exchange: Exchange) -> Text:
    """Return the status of an exchange's response, or that there was none."""
    answer = exchange.response
    return (
        Text(f"HTTP {answer.status}", f"HTTP {answer.status}") if answer is not None else _NO_ANSWER[exchange.outcome]
    )


def http_message_text(first: str, headers: tuple[Header, ...], body: str | None) -> str:
    """Return a request or a response as text."""
    head = "\n".join((first, *(f"{name}: {value}" for name, value in headers)))
    return f"{head}\n\n{body}\n" if body else f"{head}\n"


def environment(run: RunMetadata) -> str:
    """`environment.properties`."""
    values = {
        "base_url": run.base_url,
        "api_prefix": run.api_prefix,
        "embedded": str(run.embedded).lower(),
        "suite_version": run.suite_version,
        "catalogue_version": run.catalogue_version,
        "python": platform.python_version(),
        "run": run.run_id,
        "seed": str(run.seed),
        "started_at": run.started_at,
        "processes": str(run.processes),
    }
    return "".join(f"{name} = {_escaped(value)}\n" for name, value in values.items())


def headline(kind: VerdictKind, words: Text) -> Text:
    """Return a message: a verdict in one line that begins with its kind."""
    begin = beginning(kind)
    return Text(begin.en + escape_line(words.en, LONGEST_TEXT), begin.zh + escape_line(words.zh, LONGEST_TEXT))


def beginning(kind: VerdictKind) -> Text:
    """Return how messages about verdicts of a kind begin."""
    return Text(f"{WORDS[kind].en}: ", f"{WORDS[kind].zh}：")


def _escaped(value: str) -> str:
    r"""Return a value for a properties file, with `\u` for all non-ASCII characters: readers disagree on UTF-8."""
    units = value.encode("utf-16-be", "surrogatepass")
    codes = [int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2)]
    return "".join(chr(code) if 0x20 <= code < 0x7F and code != ord("\\") else f"\\u{code:04x}" for code in codes)
