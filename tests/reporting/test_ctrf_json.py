"""`ctrf.json`: valid by a schema of our own, and by that of npm's `ctrf` where CTRF_SCHEMA names it."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from conformance.emulator import EmulatorServer, Tokens, create_app
from conformance.judging.plan import full_plan
from conformance.judging.verdict import PlannedCheck
from conformance.mutation.mutant_run import run_suite, settings_for
from conformance.reporting.ctrf_json import ctrf
from conformance.text import LANGS

from .run_results import HOSTILE, LOST_LINE, both, failure, hostile, mixed, record_of, verdict

STATUS = {"enum": ["passed", "failed", "skipped", "pending", "other"]}
COUNT = {"type": "integer", "minimum": 0}
WORDS = {"type": "string", "minLength": 1}


def closed(required: dict[str, Any], optional: dict[str, Any]) -> dict[str, Any]:
    """An object that has what it must have, and nothing that is not named."""
    return {
        "type": "object",
        "required": [*required],
        "properties": {**required, **optional},
        "additionalProperties": False,
    }


COUNTED = ("tests", "passed", "failed", "skipped", "pending", "other")
OURS = closed(
    {
        "reportFormat": {"const": "CTRF"},
        "specVersion": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
        "results": closed(
            {
                "tool": closed({"name": WORDS}, {"version": {"type": "string"}}),
                "summary": closed(
                    {**dict.fromkeys(COUNTED, COUNT), "start": COUNT, "stop": COUNT},
                    {"suites": COUNT, "duration": COUNT, "extra": {"type": "object"}},
                ),
                "tests": {
                    "type": "array",
                    "items": closed(
                        {"name": WORDS, "status": STATUS, "duration": COUNT},
                        {
                            "testId": WORDS,
                            "start": COUNT,
                            "stop": COUNT,
                            "rawStatus": {"type": "string"},
                            "message": {"type": "string"},
                            "trace": {"type": "string"},
                            "suite": {"type": "array", "minItems": 1, "items": {"type": "string"}},
                            "tags": {"type": "array", "items": {"type": "string"}},
                            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                            "extra": {"type": "object"},
                        },
                    ),
                },
            },
            {"environment": closed({}, {"testEnvironment": {"type": "string"}, "extra": {"type": "object"}})},
        ),
    },
    {
        "reportId": {"type": "string", "format": "uuid"},
        "runId": WORDS,
        "timestamp": {"type": "string", "format": "date-time"},
        "generatedBy": {"type": "string"},
    },
)
"""What the format asks for, as far as the document goes."""

PUBLISHED = os.environ.get("CTRF_SCHEMA")
SCHEMAS = {"ours": OURS} | ({"published": json.loads(Path(PUBLISHED).read_text("utf-8"))} if PUBLISHED else {})
STATUSES = {
    "failed": "failed",
    "suite-error": "other",
    "inconclusive": "other",
    "waived": "other",
    "warned": "passed",
    "passed": "passed",
    "observed": "passed",
    "not-exercised": "skipped",
}


def check(document: dict[str, Any], schema: dict[str, Any]) -> None:
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    kind(schema, format_checker=kind.FORMAT_CHECKER).validate(document)


def told_of(document: dict[str, Any], line: PlannedCheck) -> dict[str, Any]:
    name = f"{line.scenario}::{line.requirement}"
    [found] = [test for test in document["results"]["tests"] if test["name"] == name]
    return dict(found)


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
@pytest.mark.parametrize("text", [None, *HOSTILE, "x" * 100_000], ids=lambda text: repr(text)[:12])
def test_it_is_valid_whatever_the_target_sent(text: str | None, schema: dict[str, Any]) -> None:
    record = mixed() if text is None else hostile(text)
    for lang in LANGS:
        document = ctrf(record, lang)
        check(document, schema)
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
@pytest.mark.parametrize("spoil", ["status", "summary", "format"])
def test_the_schemas_see_what_is_wrong(spoil: str, schema: dict[str, Any]) -> None:
    document = ctrf(mixed())
    if spoil == "status":
        document["results"]["tests"][0]["status"] = "broken"
    elif spoil == "summary":
        del document["results"]["summary"]["other"]
    else:
        document["reportFormat"] = "ctrf"
    with pytest.raises(jsonschema.ValidationError):
        check(document, schema)


def test_every_line_is_one_test_with_the_status_of_its_verdict() -> None:
    record = mixed()
    document = ctrf(record)
    assert len(document["results"]["tests"]) == len(record.plan)
    for found in record.verdicts:
        test = told_of(document, found.line)
        assert test["status"] == STATUSES[found.kind]
        assert test["rawStatus"] == ("blocked" if found.blocked_by else found.kind)
    lost = told_of(document, LOST_LINE)
    assert (lost["status"], lost["rawStatus"]) == ("other", "lost")


def test_a_waived_failure_is_neither_failed_nor_passed() -> None:
    waived = verdict("retry.active", "ack.retry.active", "waived", failures=(failure(),))
    test = told_of(ctrf(record_of(waived)), waived.line)
    assert (test["status"], test["rawStatus"]) == ("other", "waived")


def test_the_counts_are_those_of_the_tests() -> None:
    results = ctrf(mixed())["results"]
    counts = Counter(test["status"] for test in results["tests"])
    for status in STATUS["enum"]:
        assert results["summary"][status] == counts[status]
    assert results["summary"]["tests"] == len(results["tests"])
    assert results["summary"]["stop"] - results["summary"]["start"] == results["summary"]["duration"] == 3250
    assert results["summary"]["start"] == 1767225600000


def test_a_red_is_told_in_short_and_in_full() -> None:
    test = told_of(ctrf(mixed()), PlannedCheck("retry.active", "ack.retry.active"))
    assert "expected HTTP 200 with state `active`, or HTTP 409" in test["message"]
    assert "curl -sS" in test["trace"]
    assert test["trace"].startswith("Fix: ")
    assert "\nReproduce: reproductions/retry.active.sh\n" in test["trace"]
    assert test["suite"][0] == "Retries"
    assert test["labels"]["level"] == "MUST"
    assert test["extra"]["docs"] == ["https://docs.qoder.com/cloud-agents/api/environments/work/ack"]


def test_what_is_green_says_nothing_but_what_was_observed() -> None:
    document = ctrf(mixed(), "zh")
    assert "message" not in told_of(document, PlannedCheck("auth.missing", "ack.auth.missing"))
    observed = told_of(document, PlannedCheck("observe.undelivered", "ack.observe.undelivered"))
    assert observed["message"] == '200，state 为 "starting"'


def test_names_are_the_same_in_both_languages_and_in_another_run() -> None:
    def names(document: dict[str, Any]) -> list[str]:
        return [test["testId"] for test in document["results"]["tests"]]

    record = mixed()
    another = record_of(*record.verdicts, lost=(LOST_LINE,), run_id="another")
    assert names(ctrf(record)) == names(ctrf(another, "zh"))
    assert ctrf(record)["reportId"] == ctrf(record, "zh")["reportId"] != ctrf(another)["reportId"]


def test_a_day_alone_is_a_beginning() -> None:
    green = verdict("auth.missing", "ack.auth.missing", reason=both("x"))
    assert ctrf(record_of(green, started_at="2026-01-01T"))["results"]["summary"]["start"] == 1767225600000


def test_a_lost_line_of_an_unknown_requirement_is_there() -> None:
    gone = PlannedCheck("gone", "ack.gone")
    document = ctrf(record_of(verdict("auth.missing", "ack.auth.missing"), lost=(gone,)))
    assert told_of(document, gone)["suite"] == ["gone"]
    check(document, OURS)


def test_a_test_takes_as_long_as_the_requests_of_its_scenario(tmp_path: Path) -> None:
    with EmulatorServer(create_app(tokens=(tokens := Tokens.generate()))) as server:
        plan = [line for line in full_plan() if line.scenario in {"first-ack.named-worker", "retry.starting"}]
        run_suite(settings_for(server.base_url, tokens, tmp_path), plan)
    document = json.loads((tmp_path / "ctrf.json").read_text("utf-8"))
    for schema in SCHEMAS.values():
        check(document, schema)
    tests, summary = document["results"]["tests"], document["results"]["summary"]
    assert len(tests) == len(plan)
    for test in tests:
        path = tmp_path / "transcripts" / f"{test['labels']['scenario']}.json"
        exchanges = json.loads(path.read_text("utf-8"))["exchanges"]
        seconds = max(each["completed"] for each in exchanges) - exchanges[0]["invoked"]
        assert test["duration"] == test["stop"] - test["start"] == pytest.approx(seconds * 1000, abs=1)
        assert test["duration"] > 0
        assert summary["start"] <= test["start"] <= test["stop"] <= summary["stop"]


def test_a_test_without_requests_has_no_time() -> None:
    test = told_of(ctrf(mixed()), LOST_LINE)
    assert test["duration"] == 0
    assert "start" not in test
