import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance.contract.catalogue import load_catalogue
from conformance.emulator import EmulatorServer, Tokens, create_app
from conformance.judging.plan import full_plan
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck
from conformance.mutation.mutant_run import judge_settings, settings_for
from conformance.reporting.junit_xml import junit

from .run_results import HOSTILE, LOST_LINE, both, failure, hostile, mixed, record_of, verdict

OUTCOMES = {
    "failed": "failure",
    "warned": None,
    "inconclusive": "error",
    "suite-error": "error",
    "not-exercised": "skipped",
    "observed": None,
    "passed": None,
}


def read(record: RunResult) -> ElementTree.Element:
    return ElementTree.fromstring(junit(record).encode("utf-8"))


def cases(root: ElementTree.Element) -> dict[tuple[str, str], ElementTree.Element]:
    found = {(case.attrib["classname"], case.attrib["name"]): case for case in root.iter("testcase")}
    assert len(found) == len(list(root.iter("testcase")))
    return found


def case_of(root: ElementTree.Element, scenario: str, requirement: str) -> ElementTree.Element:
    chapter = load_catalogue().requirements[requirement].chapter
    return cases(root)[(f"conformance.{chapter}.{scenario}", requirement)]


def outcome(case: ElementTree.Element) -> str | None:
    found = [child.tag for child in case if child.tag in {"failure", "error", "skipped"}]
    assert len(found) <= 1
    return found[0] if found else None


def properties(element: ElementTree.Element) -> dict[str, str]:
    return {entry.attrib["name"]: entry.attrib["value"] for entry in element.findall("properties/property")}


def test_every_line_is_one_case_with_the_element_of_its_verdict() -> None:
    record = mixed()
    root = read(record)
    for found in record.verdicts:
        case = case_of(root, found.line.scenario, found.line.requirement)
        assert outcome(case) == OUTCOMES[found.kind], found
    assert len(cases(root)) == len(record.plan)


@pytest.mark.parametrize("record", [mixed(), hostile("]]>")], ids=["mixed", "hostile"])
def test_the_counts_are_those_of_the_elements_and_of_the_tally(record: RunResult) -> None:
    root = read(record)
    for element in (root, *root):
        assert int(element.attrib["tests"]) == len(list(element.iter("testcase")))
        for attribute, tag in {"failures": "failure", "errors": "error", "skipped": "skipped"}.items():
            assert int(element.attrib[attribute]) == len(list(element.iter(tag)))
    lines = record.tally.lines
    assert int(root.attrib["failures"]) == lines["failed"]
    assert int(root.attrib["errors"]) == lines["inconclusive"] + lines["suite-error"] + len(record.tally.lost)
    assert int(root.attrib["skipped"]) == lines["not-exercised"]
    assert int(root.attrib["tests"]) == len(record.plan)


def test_a_failure_holds_everything_a_vendor_needs() -> None:
    failure = case_of(read(mixed()), "retry.active", "ack.retry.active").find("failure")
    assert failure is not None
    assert failure.text is not None
    assert failure.attrib["type"] == "MUST"
    assert "step `retry.1`: expected HTTP 200 with state `active`, or HTTP 409" in failure.attrib["message"]
    for part in (
        load_catalogue().requirements["ack.retry.active"].text.en,
        "HTTP 500 (at /state)",
        "POST http://127.0.0.1:4010/ack",
        "curl -sS",
        "https://docs.qoder.com/cloud-agents/api/environments/work/ack",
        "https://docs.qoder.com/zh/cloud-agents/api/environments/work/ack",
        "Violation 2 of 2",
    ):
        assert part in failure.text


def test_a_warning_passes_and_is_seen_as_a_property() -> None:
    case = case_of(read(mixed()), "retry.starting", "ack.retry.acknowledged-at-unchanged")
    assert outcome(case) is None
    assert "expected HTTP 200" in properties(case)["warning"]
    assert properties(case)["level"] == "SHOULD"
    assert properties(case)["basis"] == "inferred"


def test_blocked_broken_and_lost_lines_are_errors_of_their_own_type() -> None:
    root = read(mixed())
    types = {
        name: error.attrib["type"]
        for (_, name), case in cases(root).items()
        if (error := case.find("error")) is not None
    }
    assert types == {
        "ack.retry.active-keeps-times": "blocked",
        "ack.retry.starting": "inconclusive",
        "ack.identity.optional": "inconclusive",
        "ack.identity.redelivered": "suite-error",
        LOST_LINE.requirement: "lost",
    }
    blocked = case_of(root, "retry.active", "ack.retry.active-keeps-times").find("error")
    assert blocked is not None
    assert blocked.attrib["message"] == "blocked by ack.retry.active: the ack `retry.1` returned HTTP 500"


def test_a_check_that_broke_says_so_also_after_a_breach() -> None:
    broken = verdict(
        "auth.missing",
        "ack.auth.missing",
        "suite-error",
        reason=both("the check failed with an error"),
        failures=(failure(),),
    )
    error = read(record_of(broken)).find(".//error")
    assert error is not None
    assert error.text is not None
    assert error.attrib["message"] == "the check failed with an error"
    assert "Expected: HTTP 200" in error.text


def test_a_skipped_case_says_why() -> None:
    skipped = case_of(read(mixed()), "auth.expired", "ack.auth.expired").find("skipped")
    assert skipped is not None
    assert skipped.attrib["message"] == "no token was given in QODER_EXPIRED_PAT"


def test_a_suite_says_which_run_it_belongs_to() -> None:
    for suite in read(mixed()):
        about = properties(suite)
        assert about["run"] == "20260101T000000-abcdef"
        assert about["seed"] == "7"
        assert about["target"] == "http://127.0.0.1:4010"
        assert suite.attrib["timestamp"] == "2026-01-01T00:00:00Z"


def test_a_lost_line_of_an_unknown_requirement_is_still_an_error() -> None:
    root = read(record_of(verdict("auth.missing", "ack.auth.missing"), lost=(PlannedCheck("gone", "ack.gone"),)))
    assert outcome(cases(root)[("conformance.unknown.gone", "ack.gone")]) == "error"


def test_the_messages_speak_the_language_that_was_asked_for() -> None:
    assert "未提供 QODER_EXPIRED_PAT" in junit(mixed(), "zh")


@pytest.mark.parametrize("text", [*HOSTILE, "x" * 100_000], ids=lambda text: repr(text[:12]))
def test_whatever_the_target_sent_it_is_well_formed_and_means_the_same(text: str) -> None:
    plain, other = read(hostile("plain")), read(hostile(text))
    assert [element.tag for element in other.iter()] == [element.tag for element in plain.iter()]
    assert [outcome(case) for case in other.iter("testcase")] == [outcome(case) for case in plain.iter("testcase")]


def test_markup_of_the_target_is_text() -> None:
    failure = read(hostile("<script>]]></failure>")).find(".//failure")
    assert failure is not None
    assert failure.text is not None
    assert "<script>]]></failure>" in failure.text


def test_cases_and_suites_have_their_times(tmp_path: Path) -> None:
    """A suite's time is that of its cases, and all of them together take what the conversations took."""
    with EmulatorServer(create_app(tokens=(tokens := Tokens.generate()))) as server:
        plan = [line for line in full_plan() if line.scenario in {"first-ack.named-worker", "retry.starting"}]
        judge_settings(settings_for(server.base_url, tokens, tmp_path), plan)
    root = ElementTree.parse(tmp_path / "junit.xml").getroot()
    transcripts = [json.loads(path.read_text("utf-8")) for path in (tmp_path / "transcripts").iterdir()]
    took = sum(max(e["completed"] for e in t["exchanges"]) - t["exchanges"][0]["invoked"] for t in transcripts)
    for suite in root.iter("testsuite"):
        times = [float(case.attrib["time"]) for case in suite.iter("testcase")]
        assert float(suite.attrib["time"]) == pytest.approx(sum(times), abs=0.001 * len(times))
    whole = sum(float(suite.attrib["time"]) for suite in root.iter("testsuite"))
    assert whole == pytest.approx(took, abs=0.001 * len(plan))
    assert whole > 0
