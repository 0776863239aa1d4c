"""`junit.xml`, read back by two readers of others: `junitparser`, and the one in `junit2html`."""

from collections import Counter
from pathlib import Path

import pytest
from junit2htmlreport.parser import Junit
from junitparser import Error, Failure, JUnitXml, Skipped
from junitparser import TestCase as Case

from conformance.contract.catalogue import load_catalogue
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck
from conformance.reporting.escaping import escape_for_xml
from conformance.reporting.junit_xml import junit
from conformance.reporting.messages import summary

from .run_results import HOSTILE, LOST_LINE, hostile, mixed

Found = dict[tuple[str, str], tuple[str, str]]
"""By class and name of a case: what became of it, and why."""

OUTCOMES = {
    "failed": "failed",
    "inconclusive": "error",
    "suite-error": "error",
    "not-exercised": "skipped",
    "warned": "passed",
    "observed": "passed",
    "passed": "passed",
}
KINDS = {Failure: "failed", Error: "error", Skipped: "skipped"}
RECORDS = {"mixed": mixed()} | {repr(text)[:12]: hostile(text) for text in HOSTILE}
EACH_RECORD = pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)


def by_junitparser(path: Path) -> Found:
    found: Found = {}
    for suite in JUnitXml.fromfile(str(path)):
        for case in suite:
            assert isinstance(case, Case)
            assert len(case.result) <= 1
            outcome = [(KINDS[type(result)], result.message or "") for result in case.result]
            found[str(case.classname), str(case.name)] = outcome[0] if outcome else ("passed", "")
    return found


def by_junit2html(path: Path) -> Found:
    """This reader tells no failure from an error."""
    found: Found = {}
    for suite in Junit(str(path)):
        for case in suite.all():
            if case.skipped:
                outcome = ("skipped", case.skipped_msg or "")
            elif case.failure:
                outcome = ("failed", case.failure_msg or "")
            else:
                outcome = ("passed", "")
            found[case.testclass.name, case.name] = outcome
    return found


def expected(record: RunResult) -> Found:
    def name(line: PlannedCheck) -> tuple[str, str]:
        return (
            f"{load_catalogue().requirements[line.requirement].chapter}.{line.scenario.replace('.', '/')}",
            line.requirement,
        )

    found = {}
    for verdict in record.verdicts:
        outcome = OUTCOMES[verdict.kind]
        found[name(verdict.line)] = (outcome, "" if outcome == "passed" else escape_for_xml(summary(verdict).en))
    found[name(LOST_LINE)] = ("error", "the run ended without a verdict on this check")
    return found


@pytest.fixture
def written(record: RunResult, tmp_path: Path) -> Path:
    path = tmp_path / "junit.xml"
    path.write_text(junit(record), "utf-8")
    return path


@EACH_RECORD
def test_junitparser_reads_every_case_with_its_outcome_and_message(record: RunResult, written: Path) -> None:
    assert by_junitparser(written) == expected(record)


@EACH_RECORD
def test_junit2html_reads_the_same(record: RunResult, written: Path) -> None:
    either = {"error": "failed"}
    wanted = {name: (either.get(outcome, outcome), words) for name, (outcome, words) in expected(record).items()}
    assert by_junit2html(written) == wanted


@EACH_RECORD
def test_the_counts_that_are_written_are_those_that_are_read(record: RunResult, written: Path) -> None:
    read = JUnitXml.fromfile(str(written))
    counts = Counter(outcome for outcome, _ in by_junitparser(written).values())
    skipped = sum(suite.skipped for suite in read)
    assert (read.tests, read.failures, read.errors, skipped) == (
        sum(counts.values()),
        counts["failed"],
        counts["error"],
        counts["skipped"],
    )
    assert read.time == pytest.approx(record.metadata.duration)


@pytest.mark.parametrize("record", [mixed()], ids=["mixed"])
def test_properties_are_read(record: RunResult, written: Path) -> None:
    for suite in JUnitXml.fromfile(str(written)):
        about = {entry.name: entry.value for entry in suite.properties()}  # type: ignore[no-untyped-call]
        assert about["run"] == record.metadata.run_id
    for other in Junit(str(written)):
        assert {entry.name: entry.value for entry in other.properties}["run"] == record.metadata.run_id


@pytest.mark.parametrize("record", [mixed()], ids=["mixed"])
def test_a_page_can_be_made_of_it(record: RunResult, written: Path) -> None:
    page = Junit(str(written)).html()
    for line in record.plan:
        assert line.requirement in page
