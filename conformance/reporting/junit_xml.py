"""JUnit XML: a suite per chapter, a case per planned check. Well-formed whatever the target sent.

| verdict                             | element                                     |
|-------------------------------------|---------------------------------------------|
| failed                              | `<failure>`                                 |
| warned                              | passed, with the property `warning`         |
| inconclusive, blocked, suite error  | `<error>`                                   |
| lost (planned, without any verdict) | `<error type="lost">`                       |
| waived                              | `<skipped type="waived">`                   |
| not exercised                       | `<skipped>`                                 |
| passed, observed                    | passed                                      |
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Final
from xml.etree import ElementTree

from conformance.contract.catalogue import load_catalogue
from conformance.exchange import Transcript
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck, Verdict
from conformance.reporting.escaping import escape_line, xml_characters
from conformance.reporting.messages import LOST, explain, summary, waived
from conformance.reporting.report_json import SUITE_NAME
from conformance.text import Lang

_COUNTED: Final = {"failures": "failure", "errors": "error", "skipped": "skipped"}
_UNKNOWN_CHAPTER: Final = "unknown"


def junit(record: RunResult, lang: Lang = "en", transcripts: Mapping[str, Transcript] | None = None) -> str:
    """Return the document with messages in `lang`. Equal records give equal documents.

    Each case has an equal share of its scenario's duration, so that the times of a suite add up.
    """
    root = ElementTree.Element("testsuites", {"name": SUITE_NAME})
    shares = _shares(record, transcripts or {})
    for chapter, cases in _cases(record, lang, shares).items():
        suite = ElementTree.SubElement(root, "testsuite", {"name": chapter})
        _properties(suite, _circumstances(record))
        suite.extend(cases)
        _count(suite)
        suite.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.3f}")
        suite.set("timestamp", _attribute(record.circumstances.started_at))
    _count(root)
    root.set("time", f"{record.circumstances.duration:.3f}")
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _shares(record: RunResult, transcripts: Mapping[str, Transcript]) -> dict[str, float]:
    """Return the seconds of one case, by scenario."""
    cases = Counter(line.scenario for line in record.plan)
    return {name: _seconds(transcript) / cases[name] for name, transcript in transcripts.items() if cases[name]}


def _seconds(transcript: Transcript) -> float:
    attempts = (transcript.exchanges, *transcript.earlier_attempts)
    exchanges = [exchange for attempt in attempts for exchange in attempt]
    if not exchanges:
        return 0.0
    return max(each.completed for each in exchanges) - min(each.invoked for each in exchanges)


def _cases(record: RunResult, lang: Lang, shares: Mapping[str, float]) -> dict[str, list[ElementTree.Element]]:
    """Return every planned check once, by chapter: those with a verdict, then the lost ones."""
    cases: dict[str, list[ElementTree.Element]] = defaultdict(list)
    for result in record.tally.results:
        for verdict in result.verdicts:
            cases[result.requirement.chapter].append(
                _judged(verdict, lang, shares, removed=record.circumstances.removed)
            )
    for line in record.tally.lost:
        case = _case(line, shares)
        ElementTree.SubElement(case, "error", {"type": "lost", "message": LOST.in_(lang)})
        cases[_chapter_of(line)].append(case)
    return cases


def _judged(verdict: Verdict, lang: Lang, shares: Mapping[str, float], *, removed: bool) -> ElementTree.Element:
    case = _case(verdict.line, shares)
    message = _attribute(summary(verdict).in_(lang))
    if verdict.kind == "warned":
        _properties(case, {"warning": message})
    if verdict.kind in {"passed", "observed"}:
        return case
    full = xml_characters("\n".join(explain(verdict, lang, removed=removed)))
    match verdict.kind:
        case "failed":
            ElementTree.SubElement(case, "failure", {"type": "MUST", "message": message}).text = full
        case "warned":
            ElementTree.SubElement(case, "system-out").text = full
        case "waived":
            ElementTree.SubElement(
                case, "skipped", {"type": "waived", "message": _attribute(waived(verdict).in_(lang))}
            )
            ElementTree.SubElement(case, "system-out").text = full
        case "not-exercised":
            ElementTree.SubElement(case, "skipped", {"message": message})
        case _:
            kind = verdict.kind if verdict.blocked_by is None else "blocked"
            ElementTree.SubElement(case, "error", {"type": kind, "message": message}).text = full
    return case


def _case(line: PlannedCheck, shares: Mapping[str, float]) -> ElementTree.Element:
    case = ElementTree.Element(
        "testcase",
        {
            "classname": _attribute(f"conformance.{_chapter_of(line)}.{line.scenario}"),
            "name": _attribute(line.requirement),
            "time": f"{shares.get(line.scenario, 0.0):.3f}",
        },
    )
    requirement = load_catalogue().requirements.get(line.requirement)
    if requirement is not None:
        _properties(case, {"level": requirement.level, "basis": requirement.basis})
    return case


def _chapter_of(line: PlannedCheck) -> str:
    requirement = load_catalogue().requirements.get(line.requirement)
    return requirement.chapter if requirement is not None else _UNKNOWN_CHAPTER


def _circumstances(record: RunResult) -> dict[str, str]:
    about = record.circumstances
    return {
        "suite": f"{SUITE_NAME} {about.suite_version}",
        "catalogue": about.catalogue_version,
        "run": about.run_id,
        "seed": str(about.seed),
        "target": about.base_url,
        "arranged-by": about.arranged_by,
        "result": record.decision.word,
    }


def _properties(parent: ElementTree.Element, values: dict[str, str]) -> None:
    found = parent.find("properties")
    group = found if found is not None else ElementTree.SubElement(parent, "properties")
    for name, value in values.items():
        ElementTree.SubElement(group, "property", {"name": name, "value": _attribute(value)})


def _count(element: ElementTree.Element) -> None:
    """Set the counts from the elements themselves, so that the two cannot disagree."""
    element.set("tests", str(len(list(element.iter("testcase")))))
    for attribute, tag in _COUNTED.items():
        element.set(attribute, str(len(list(element.iter(tag)))))


def _attribute(text: str) -> str:
    return xml_characters(escape_line(text))
