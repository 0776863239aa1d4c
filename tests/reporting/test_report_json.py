import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from conformance.contract.ambiguities import ambiguities_of_profile
from conformance.contract.catalogue import load_catalogue
from conformance.judging.plan import full_plan
from conformance.judging.run_result import Phases, RunResult
from conformance.judging.verdict import WORST_FIRST, Verdict
from conformance.reporting.report_json import report, schema_text

from .run_results import HOSTILE, LOST_LINE, OBSERVATION, failure, hostile, mixed, record_of, verdict

SCHEMA: dict[str, Any] = json.loads(schema_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def valid(record: RunResult) -> dict[str, Any]:
    document = report(record)
    VALIDATOR.validate(document)
    return document


def test_the_schema_is_a_schema_that_describes_every_field_and_allows_no_other() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for node in objects(SCHEMA):
        assert node["additionalProperties"] is False
        assert set(node["required"]) == set(node["properties"])
        assert all(field.get("description") for field in node["properties"].values())


def objects(node: Any) -> list[dict[str, Any]]:
    found = [node] if isinstance(node, dict) and isinstance(node.get("properties"), dict) else []
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return found + [entry for child in children for entry in objects(child)]


def test_every_line_is_reported_once_with_its_verdict() -> None:
    record = mixed()
    document = valid(record)
    lines = {
        (line["scenario"], requirement["id"]): line["verdict"]
        for chapter in document["chapters"]
        for requirement in chapter["requirements"]
        for line in requirement["lines"]
    }
    assert lines == {(v.line.scenario, v.line.requirement): v.kind for v in record.verdicts}
    assert document["result"]["lost_lines"] == [{"scenario": LOST_LINE.scenario, "requirement": LOST_LINE.requirement}]
    assert document["result"]["word"] == "suite-error"
    assert document["result"]["exit_code"] == 4


def test_the_counts_are_those_of_the_tally_for_every_kind() -> None:
    record = mixed()
    counts = valid(record)["result"]["counts"]
    assert list(counts["lines"]) == list(WORST_FIRST)
    assert {kind: n for kind, n in counts["lines"].items() if n} == dict(record.tally.check_counts)
    assert {kind: n for kind, n in counts["requirements"].items() if n} == dict(record.tally.requirement_counts)


def test_a_requirement_says_what_the_catalogue_says() -> None:
    document = valid(mixed())
    retries = next(chapter for chapter in document["chapters"] if chapter["id"] == "retries")
    found = {entry["id"]: entry for entry in retries["requirements"]}
    source = load_catalogue().requirements["ack.retry.active-keeps-times"].sources[0]
    entry = found["ack.retry.active-keeps-times"]
    assert entry["inference"]["zh"] == load_catalogue().requirements["ack.retry.active-keeps-times"].inference.zh  # type: ignore[union-attr]
    assert entry["sources"][0] == {
        "page": source.page,
        "title": source.title.to_json(),
        "url": source.url.to_json(),
        "section": source.section.to_json(),
        "row": None,
        "at": source.at.to_json(),
    }
    assert entry["blocked_by"] == ["ack.retry.active"]
    assert found["ack.retry.active"]["lines"][0]["reds"][0]["pointer"] == "/state"


def test_what_was_not_exercised_says_why_and_what_it_needs() -> None:
    entries = {entry["requirement"]: entry for entry in valid(mixed())["not_exercised"]}
    assert entries["ack.auth.expired"] == {
        "requirement": "ack.auth.expired",
        "reason": {"en": "no token was given in QODER_EXPIRED_PAT", "zh": "未提供 QODER_EXPIRED_PAT"},
        "exercised": "optional-input",
        "input": "QODER_EXPIRED_PAT",
    }


def test_what_was_observed_is_told_in_words() -> None:
    document = valid(mixed())
    (requirement,) = next(c for c in document["chapters"] if c["id"] == "observations")["requirements"]
    (line,) = requirement["lines"]
    assert (requirement["level"], requirement["verdict"]) == ("OBSERVE", "observed")
    assert (line["observation"], line["reds"]) == (OBSERVATION.to_json(), [])


def test_a_breach_keeps_its_picture() -> None:
    breach = failure("after", exhibit="ack.1  [==]\nstop   [=?")
    document = valid(record_of(verdict("race.stop.queued", "ack.race.stop", "failed", failures=(breach,))))
    (found,) = document["chapters"][0]["requirements"][0]["lines"][0]["reds"]
    assert found["exhibit"] == "ack.1  [==]\nstop   [=?"


def test_every_report_shows_how_the_docs_are_read() -> None:
    entries = valid(record_of(verdict("auth.missing", "ack.auth.missing")))["ambiguities"]
    register = ambiguities_of_profile("ack")
    assert [entry["id"] for entry in entries] == [entry.id for entry in register]
    first = next(entry for entry in entries if entry["id"] == "conflict-type")
    assert first["requirements"] == list(register[0].requirements)
    assert first["reading"]["zh"] == register[0].reading.zh
    assert [source["page"] for source in first["sources"]] == ["ack", "errors"]


def test_the_register_in_a_report_is_that_of_its_profile() -> None:
    of_ack = record_of(verdict("auth.missing", "ack.auth.missing"))
    of_work = record_of(verdict("auth.missing", "ack.auth.missing"), profile="work")
    for record, named in ((of_ack, False), (of_work, True)):
        entries = {entry["id"]: entry for entry in report(record)["ambiguities"]}
        assert ("redelivery" in entries) is named
        assert ("list.envelope.schema-en" in entries["request-id"]["requirements"]) is named


def test_only_what_was_planned_appears() -> None:
    document = valid(record_of(verdict("auth.missing", "ack.auth.missing")))
    assert [chapter["id"] for chapter in document["chapters"]] == ["authentication"]
    assert [entry["id"] for entry in document["chapters"][0]["requirements"]] == ["ack.auth.missing"]


def test_a_full_green_run_is_conformant() -> None:
    document = valid(record_of(*(Verdict(line=line, kind="passed") for line in full_plan())))
    assert document["result"]["word"] == "conformant"
    assert document["run"]["interrupted"] is None
    assert len(document["chapters"]) == len(load_catalogue().of_profile("ack").chapters)


def test_the_parts_of_a_run_are_told_where_they_were_measured() -> None:
    record = record_of(verdict("auth.missing", "ack.auth.missing"))
    assert valid(record)["run"]["phases"] is None
    phases = Phases(preflight=0.25, conversations=2.5, clean_up=0.5)
    measured = replace(record, metadata=replace(record.metadata, phases=phases))
    assert valid(measured)["run"]["phases"] == {"preflight": 0.25, "conversations": 2.5, "clean_up": 0.5}


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_the_target_sent_the_report_is_valid_utf8_json(text: str) -> None:
    document = valid(hostile(text))
    written = json.dumps(document, ensure_ascii=False, allow_nan=False).encode("utf-8")
    assert json.loads(written) == document


def test_nothing_of_a_long_answer_is_lost() -> None:
    document = valid(hostile("x" * 100_000))
    chapter = next(chapter for chapter in document["chapters"] if chapter["id"] == "retries")
    failed = next(entry for entry in chapter["requirements"] if entry["verdict"] == "failed")
    assert failed["lines"][0]["reds"][0]["answer"] == "x" * 100_000
