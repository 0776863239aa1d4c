"""JUnit XML: a suite per chapter, a case per planned check. Well-formed whatever the target sent.

Valid by the schema of Jenkins' xUnit plugin (`junit-10.xsd`) in all its versions: older ones allow no properties of a
case and no `skipped` of the whole document. Jenkins splits the class of a case at its last dot into package and class,
so that it shows chapter, scenario and requirement. The dots of a scenario's id are therefore written as `/`.

| verdict                             | element                                     |
|-------------------------------------|---------------------------------------------|
| failed                              | `<failure>`                                 |
| warned                              | passed, with `<system-out>`                 |
| inconclusive, blocked, suite error  | `<error>`                                   |
| lost (planned, without any verdict) | `<error type="lost">`                       |
| waived                              | `<skipped type="waived">`                   |
| not exercised                       | `<skipped>`                                 |
| passed, observed                    | passed                                      |
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final
from xml.etree import ElementTree

from conformance.contract.catalogue import load_catalogue
from conformance.exchange import Transcript
from conformance.judging.run_result import RunMetadata, RunResult
from conformance.judging.verdict import WORDS, PlannedCheck, Verdict
from conformance.reporting.check_times import shares
from conformance.reporting.escaping import escape_for_xml, escape_line
from conformance.reporting.messages import LOST, summary, waiver_reason
from conformance.reporting.next_step_lines import steps_and_explanation
from conformance.reporting.remedies import Remedy
from conformance.reporting.report_json import SUITE_NAME
from conformance.reporting.root_causes import causes_in, remedies_by_check
from conformance.text import Lang, Text

_COUNTED_IN_ALL: Final = {"failures": "failure", "errors": "error"}
_COUNTED: Final = {**_COUNTED_IN_ALL, "skipped": "skipped"}
_UNKNOWN_CHAPTER: Final = "unknown"


def junit(record: RunResult, lang: Lang = "en", transcripts: Mapping[str, Transcript] | None = None) -> str:
    """Return the document with messages in `lang`. Equal records give equal documents.

    Each case has an equal share of its scenario's duration, so that the times of a suite add up.
    """
    root = ElementTree.Element("testsuites", {"name": SUITE_NAME})
    for chapter, cases in _cases(record, lang, shares(record.plan, transcripts or {})).items():
        suite = ElementTree.SubElement(root, "testsuite", {"name": chapter})
        _properties(suite, _circumstances(record))
        suite.extend(cases)
        _count(suite, _COUNTED)
        suite.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.3f}")
        suite.set("timestamp", _attribute(record.metadata.started_at))
    _count(root, _COUNTED_IN_ALL)
    root.set("time", f"{record.metadata.duration:.3f}")
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _cases(record: RunResult, lang: Lang, times: Mapping[str, float]) -> dict[str, list[ElementTree.Element]]:
    """Return every planned check once, by chapter: those with a verdict, then the lost ones."""
    cases: dict[str, list[ElementTree.Element]] = defaultdict(list)
    remedies = remedies_by_check(causes_in(record))
    for result in record.tally.results:
        for verdict in result.verdicts:
            case = _case(verdict.line, times)
            _add_outcome(case, verdict, lang, record.metadata, remedies.get(verdict.line))
            cases[result.requirement.chapter].append(case)
    for line in record.tally.lost:
        case = _case(line, times)
        ElementTree.SubElement(case, "error", {"type": "lost", "message": LOST.in_(lang)})
        cases[_chapter_of(line)].append(case)
    return cases


def _add_outcome(
    case: ElementTree.Element, verdict: Verdict, lang: Lang, about: RunMetadata, remedy: Remedy | None
) -> None:
    if verdict.kind in {"passed", "observed"}:
        return
    message = _attribute(summary(verdict).in_(lang))
    full = escape_for_xml(steps_and_explanation(verdict, about, lang, removed=about.objects_removed, remedy=remedy))
    match verdict.kind:
        case "failed":
            ElementTree.SubElement(case, "failure", {"type": "MUST", "message": message}).text = full
        case "warned":
            first = f"{WORDS['warned'].in_(lang)}{Text(': ', '：').in_(lang)}{message}"
            ElementTree.SubElement(case, "system-out").text = f"{first}\n\n{full}"
        case "waived":
            ElementTree.SubElement(
                case, "skipped", {"type": "waived", "message": _attribute(waiver_reason(verdict).in_(lang))}
            )
            ElementTree.SubElement(case, "system-out").text = full
        case "not-exercised":
            ElementTree.SubElement(case, "skipped", {"message": message})
        case _:
            kind = verdict.kind if verdict.blocked_by is None else "blocked"
            ElementTree.SubElement(case, "error", {"type": kind, "message": message}).text = full


def _case(line: PlannedCheck, times: Mapping[str, float]) -> ElementTree.Element:
    return ElementTree.Element(
        "testcase",
        {
            "classname": _attribute(f"{_chapter_of(line)}.{line.scenario.replace('.', '/')}"),
            "name": _attribute(line.requirement),
            "time": f"{times.get(line.scenario, 0.0):.3f}",
        },
    )


def _chapter_of(line: PlannedCheck) -> str:
    requirement = load_catalogue().requirements.get(line.requirement)
    return requirement.chapter if requirement is not None else _UNKNOWN_CHAPTER


def _circumstances(record: RunResult) -> dict[str, str]:
    about = record.metadata
    return {
        "suite": f"{SUITE_NAME} {about.suite_version}",
        "catalogue": about.catalogue_version,
        "run": about.run_id,
        "seed": str(about.seed),
        "target": about.subject,
        "arranged-by": about.arranged_by,
        "result": record.decision.word,
    }


def _properties(parent: ElementTree.Element, values: dict[str, str]) -> None:
    group = ElementTree.SubElement(parent, "properties")
    for name, value in values.items():
        ElementTree.SubElement(group, "property", {"name": name, "value": _attribute(value)})


def _count(element: ElementTree.Element, counted: Mapping[str, str]) -> None:
    """Set the counts from the elements themselves, so that the two cannot disagree."""
    element.set("tests", str(len(list(element.iter("testcase")))))
    for attribute, tag in counted.items():
        element.set(attribute, str(len(list(element.iter(tag)))))


def _attribute(text: str) -> str:
    return escape_for_xml(escape_line(text))
