import json
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema

from conformance.chapters.registry import scenarios
from conformance.contract.catalogue import load_catalogue
from conformance.contract.common_mistakes import mistakes_of
from conformance.emulator import EmulatorServer, Tokens, create_app
from conformance.judging.plan import full_plan
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck
from conformance.mutation.mutant_run import run_suite, settings_for
from conformance.reporting.junit_xml import junit
from conformance.text import LANGS, Lang

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
    return cases(root)[(f"{chapter}.{scenario.replace('.', '/')}", requirement)]


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
        for attribute, tag in {"failures": "failure", "errors": "error"}.items():
            assert int(element.attrib[attribute]) == len(list(element.iter(tag)))
    for suite in root:
        assert int(suite.attrib["skipped"]) == len(list(suite.iter("skipped")))
    lines = record.tally.check_counts
    assert int(root.attrib["failures"]) == lines["failed"]
    assert int(root.attrib["errors"]) == lines["inconclusive"] + lines["suite-error"] + len(record.tally.lost)
    assert sum(int(suite.attrib["skipped"]) for suite in root) == lines["not-exercised"]
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


@pytest.mark.parametrize(
    ("lang", "labels"),
    [
        ("en", ("Fix: ", "Re-run: ", "Explain: ", "Reproduce: ")),
        ("zh", ("修复建议：", "重新运行：", "详细说明：", "复现：")),
    ],
)
def test_a_failure_begins_with_what_to_do(lang: Lang, labels: tuple[str, ...]) -> None:
    root = ElementTree.fromstring(junit(mixed(), lang).encode())
    text = case_of(root, "retry.active", "ack.retry.active").findtext("failure")
    assert text is not None
    lines = text.splitlines()[: len(labels)]
    for line, label in zip(lines, labels, strict=True):
        assert line.startswith(label)
    fix, re_run, explain, script = (line.removeprefix(label) for line, label in zip(lines, labels, strict=True))
    assert fix in [mistake.fix.in_(lang) for mistake in mistakes_of("ack.retry.active")]
    assert re_run == "work-conformance run --requirement ack.retry.active --base-url http://127.0.0.1:4010"
    assert explain == "work-conformance explain ack.retry.active"
    assert script == "reproductions/retry.active.sh"


def test_a_warning_passes_and_says_why() -> None:
    case = case_of(read(mixed()), "retry.starting", "ack.retry.acknowledged-at-unchanged")
    assert outcome(case) is None
    text = case.findtext("system-out")
    assert text is not None
    assert text.startswith("warned: step `retry.1`: expected HTTP 200")
    assert "Re-run: work-conformance run --requirement ack.retry.acknowledged-at-unchanged" in text
    assert "Level: SHOULD, inferred from the docs" in text


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
    assert outcome(cases(root)[("unknown.gone", "ack.gone")]) == "error"


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
        run_suite(settings_for(server.base_url, tokens, tmp_path), plan)
    root = ElementTree.parse(tmp_path / "junit.xml").getroot()
    transcripts = [json.loads(path.read_text("utf-8")) for path in (tmp_path / "transcripts").iterdir()]
    took = sum(max(e["completed"] for e in t["exchanges"]) - t["exchanges"][0]["invoked"] for t in transcripts)
    for suite in root.iter("testsuite"):
        times = [float(case.attrib["time"]) for case in suite.iter("testcase")]
        assert float(suite.attrib["time"]) == pytest.approx(sum(times), abs=0.001 * len(times))
    whole = sum(float(suite.attrib["time"]) for suite in root.iter("testsuite"))
    assert whole == pytest.approx(took, abs=0.001 * len(plan))
    assert whole > 0


# --- the schema of Jenkins' xUnit plugin


PUBLISHED = os.environ.get("JUNIT_XSD")
SCHEMAS = {"ours": Path(__file__).parent / "xunit-10.xsd"} | ({"published": Path(PUBLISHED)} if PUBLISHED else {})


@pytest.fixture(scope="module", params=[*SCHEMAS.values()], ids=[*SCHEMAS])
def schema(request: pytest.FixtureRequest) -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(request.param)


@pytest.mark.parametrize("text", [None, *HOSTILE], ids=lambda text: repr(text)[:12])
@pytest.mark.parametrize("lang", LANGS)
def test_it_is_valid_by_the_schema_of_jenkins(text: str | None, lang: Lang, schema: xmlschema.XMLSchema) -> None:
    record = mixed() if text is None else hostile(text)
    schema.validate(ElementTree.fromstring(junit(record, lang).encode()))


@pytest.mark.parametrize("spoil", ["properties", "count", "time"])
def test_that_schema_sees_what_is_wrong(spoil: str) -> None:
    root = read(mixed())
    case = next(root.iter("testcase"))
    if spoil == "properties":
        ElementTree.SubElement(case, "properties")
    elif spoil == "count":
        root.set("skipped", "1")
    else:
        case.set("time", "1,000.0001")
    assert not xmlschema.XMLSchema(SCHEMAS["ours"]).is_valid(root)


def test_jenkins_shows_chapter_scenario_and_requirement() -> None:
    """It splits the class at the last dot, and no two scenarios may then look alike."""
    plan = full_plan()
    record = record_of(*(verdict(line.scenario, line.requirement) for line in plan))
    found = set()
    for case in read(record).iter("testcase"):
        chapter, _, scenario = case.attrib["classname"].rpartition(".")
        assert chapter == load_catalogue().requirements[case.attrib["name"]].chapter
        assert scenario.replace("/", ".") in scenarios()
        found.add(PlannedCheck(scenario.replace("/", "."), case.attrib["name"]))
    assert found == set(plan)
