"""`ctrf.json`: the run as a Common Test Report Format document, one test per requirement and scenario.

| verdict                             | status    | rawStatus                              |
| ----------------------------------- | --------- | -------------------------------------- |
| MUST failed                         | `failed`  | `failed`                               |
| SHOULD failed                       | `passed`  | `warned`                               |
| inconclusive, blocked, suite error  | `other`   | `inconclusive`, `blocked`, `suite-error` |
| lost (planned, without any verdict) | `other`   | `lost`                                 |
| waived                              | `other`   | `waived`                               |
| not exercised                       | `skipped` | `not-exercised`                        |
| passed, observed                    | `passed`  | `passed`, `observed`                   |

`start`, `stop` and `duration` are those of the scenario's requests, which all checks of the scenario share. A test
whose scenario sent nothing has the duration 0.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from conformance.contract.catalogue import Requirement, load_catalogue
from conformance.exchange import Transcript
from conformance.judging.run_result import RunMetadata, RunResult
from conformance.judging.verdict import PlannedCheck, Verdict, VerdictKind
from conformance.reporting.check_times import spans
from conformance.reporting.escaping import escape_line
from conformance.reporting.messages import LOST, scenario_title, summary
from conformance.reporting.next_step_lines import steps_and_explanation
from conformance.reporting.remedies import Remedy
from conformance.reporting.report_json import SUITE_NAME
from conformance.reporting.root_causes import causes_in, remedies_by_check
from conformance.text import Lang

SPECIFICATION: Final = "0.0.0"

Status = Literal["passed", "failed", "skipped", "pending", "other"]

_STATUSES: Final[dict[VerdictKind, Status]] = {
    "failed": "failed",
    "suite-error": "other",
    "inconclusive": "other",
    "waived": "other",
    "warned": "passed",
    "passed": "passed",
    "observed": "passed",
    "not-exercised": "skipped",
}
_COUNTED: Final[tuple[Status, ...]] = ("passed", "failed", "skipped", "pending", "other")
_LONGEST: Final = 4000
"""Longest text from the target in a trace, in characters; report.json has all of it."""


def ctrf(record: RunResult, lang: Lang = "en", transcripts: Mapping[str, Transcript] | None = None) -> dict[str, Any]:
    """Return the document as plain JSON types with messages in `lang`. Equal records give equal documents."""
    about = record.metadata
    started = _moment(about)
    stopped = started + timedelta(seconds=about.duration)
    times = {
        name: (_milliseconds(started) + round(span.start * 1000), _milliseconds(started) + round(span.stop * 1000))
        for name, span in spans(transcripts or {}).items()
    }
    tests = [{**test, **_time(times.get(test["labels"]["scenario"]))} for test in _tests(record, lang)]
    counts = Counter(test["status"] for test in tests)
    return {
        "reportFormat": "CTRF",
        "specVersion": SPECIFICATION,
        "reportId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{SUITE_NAME}\n{escape_line(about.run_id)}\n{about.replayed}")),
        "runId": escape_line(about.run_id),
        "timestamp": f"{stopped:%Y-%m-%dT%H:%M:%SZ}",
        "generatedBy": f"{SUITE_NAME} {escape_line(about.suite_version)}",
        "results": {
            "tool": {"name": SUITE_NAME, "version": escape_line(about.suite_version)},
            "summary": {
                "tests": len(tests),
                **{status: counts[status] for status in _COUNTED},
                "suites": len({test["labels"]["scenario"] for test in tests}),
                "start": _milliseconds(started),
                "stop": _milliseconds(stopped),
                "duration": round(about.duration * 1000),
                "extra": {
                    "word": record.decision.word,
                    "exitCode": record.decision.exit_code,
                    "sentence": escape_line(record.decision.sentence.in_(lang)),
                },
            },
            "tests": tests,
            "environment": {
                "testEnvironment": escape_line(about.subject),
                "extra": {
                    "catalogue": escape_line(about.catalogue_version),
                    "seed": about.seed,
                    "embedded": about.embedded,
                    "replayed": about.replayed,
                },
            },
        },
    }


def _tests(record: RunResult, lang: Lang) -> Iterator[dict[str, Any]]:
    """Yield every planned check once: those with a verdict, then the lost ones."""
    about, remedies = record.metadata, remedies_by_check(causes_in(record))
    for result in record.tally.results:
        for verdict in result.verdicts:
            yield {
                **_test(verdict.line, _STATUSES[verdict.kind], _raw(verdict), lang),
                **_messages(verdict, lang, about, remedies.get(verdict.line)),
            }
    for line in record.tally.lost:
        yield {**_test(line, "other", "lost", lang), "message": LOST.in_(lang)}


def _test(line: PlannedCheck, status: Status, raw: str, lang: Lang) -> dict[str, Any]:
    """Return a test named after its check, as in a waivers file: the same in every run, language and folder."""
    check = escape_line(f"{line.scenario}::{line.requirement}")
    test: dict[str, Any] = {
        "testId": check,
        "name": check,
        "status": status,
        "rawStatus": raw,
        "duration": 0,
        "suite": [escape_line(scenario_title(line.scenario).in_(lang))],
        "labels": {"scenario": escape_line(line.scenario), "requirement": escape_line(line.requirement)},
    }
    requirement = load_catalogue().requirements.get(line.requirement)
    return test if requirement is None else _described(test, requirement, lang)


def _described(test: dict[str, Any], requirement: Requirement, lang: Lang) -> dict[str, Any]:
    chapter = load_catalogue().chapter(requirement.chapter)
    about = {"chapter": chapter.id, "level": requirement.level, "basis": requirement.basis}
    return {
        **test,
        "suite": [chapter.title.in_(lang), *test["suite"]],
        "tags": [requirement.level],
        "labels": {**test["labels"], **about},
        "extra": {
            "text": requirement.text.in_(lang),
            "docs": [*dict.fromkeys(source.url.in_(lang) for source in requirement.sources)],
        },
    }


def _raw(verdict: Verdict) -> str:
    return verdict.kind if verdict.blocked_by is None else "blocked"


def _messages(verdict: Verdict, lang: Lang, about: RunMetadata, remedy: Remedy | None) -> dict[str, str]:
    """Return why a check did not pass, or what an observation saw."""
    if verdict.kind == "passed":
        return {}
    if verdict.kind == "observed":
        return {} if verdict.observation is None else {"message": escape_line(verdict.observation.in_(lang), _LONGEST)}
    message = {"message": escape_line(summary(verdict).in_(lang))}
    if verdict.kind == "not-exercised":
        return message
    trace = steps_and_explanation(verdict, about, lang, limit=_LONGEST, removed=about.objects_removed, remedy=remedy)
    return {**message, "trace": trace}


def _time(time: tuple[int, int] | None) -> dict[str, int]:
    """Return when a test ran, in milliseconds, and for how long."""
    return {} if time is None else {"start": time[0], "stop": time[1], "duration": time[1] - time[0]}


def _moment(about: RunMetadata) -> datetime:
    """Return when the run began; if the time is malformed, only its date, which waivers need, is used."""
    try:
        moment = datetime.fromisoformat(about.started_at)
    except ValueError:
        moment = datetime.fromisoformat(about.started_at[:10])
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
