import json
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from conformance.reporting.terminal import lines
from conformance.reporting.write import write_reports

from .run_results import HOSTILE, hostile, mixed, record_of, verdict

WRITTEN = {
    *("report.json", "report.schema.json", "report.html", "junit.xml"),
    *("ctrf.json", "summary.md", "badge.svg", "badge.json"),
}


def test_these_files_are_written_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    paths = write_reports(record_of(verdict("retry.active", "ack.retry.active")), folder).paths
    assert paths[0] == folder / "report.json"
    assert {path.name for path in paths} == WRITTEN
    assert sorted(folder.iterdir()) == sorted(paths)


def test_where_a_must_failed_there_is_a_file_of_waivers_to_complete(tmp_path: Path) -> None:
    record = mixed()
    write_reports(record, tmp_path)
    entries = tomllib.loads((tmp_path / "waivers.toml").read_text("utf-8"))["waiver"]
    assert [entry.get("requirement") for entry in entries] == [
        result.requirement.id for result in record.tally.requirements_with_verdict("failed", level="MUST")
    ]
    assert {entry["reason"] for entry in entries} == {""}


def test_the_report_is_valid_against_the_schema_beside_it(tmp_path: Path) -> None:
    write_reports(mixed(), tmp_path)
    report, schema = (
        json.loads((tmp_path / name).read_text("utf-8")) for name in ("report.json", "report.schema.json")
    )
    jsonschema.Draft202012Validator(schema).validate(report)


@pytest.mark.parametrize("text", [*HOSTILE, "x" * 100_000], ids=lambda text: repr(text[:12]))
def test_equal_records_give_equal_bytes_whatever_the_target_sent(text: str, tmp_path: Path) -> None:
    first, second = (
        {path.name: path.read_bytes() for path in write_reports(hostile(text), tmp_path / name).paths} for name in "12"
    )
    assert first == second
    json.loads(first["report.json"])
    ElementTree.fromstring(first["junit.xml"])
    assert [*lines(hostile(text), "zh", report_path="r")] == [*lines(hostile(text), "zh", report_path="r")]


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    # A reader that has the old file open keeps the old content: the new one is another file.
    (tmp_path / "report.json").write_text("old", "utf-8")
    with (tmp_path / "report.json").open(encoding="utf-8") as reader:
        write_reports(mixed(), tmp_path)
        assert reader.read() == "old"
    assert json.loads((tmp_path / "report.json").read_text("utf-8"))["format"] == "work-conformance-report/1"


def test_a_failed_rename_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "report.json").mkdir()
    reports = write_reports(mixed(), tmp_path)
    assert "report.json" not in {path.name for path in reports.paths}
    assert not list(tmp_path.glob(".*"))


# --- a report that breaks


WRITERS = {
    "junit.xml": "junit",
    "ctrf.json": "ctrf",
    "summary.md": "markdown",
    "badge.svg": "run_badge.svg",
    "badge.json": "run_badge.endpoint",
    "report.html": "_page",
    "waivers.toml": "waiver_entries",
    "report.schema.json": "schema_text",
    "report.json": "report",
}


def broken(*_: object, **__: object) -> str:
    raise ZeroDivisionError


@pytest.mark.parametrize("name", WRITERS)
def test_a_report_that_breaks_costs_only_its_own_file_and_the_one_that_says_how_the_run_ended(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"conformance.reporting.write.{WRITERS[name]}", broken)
    passing = record_of(verdict("retry.active", "ack.retry.active"))
    failing = name == "waivers.toml"
    with pytest.raises(ZeroDivisionError):
        write_reports(mixed() if failing else passing, tmp_path)
    names = WRITTEN | ({"waivers.toml"} if failing else set())
    assert {path.name for path in tmp_path.iterdir()} == names - {name, "report.json"}


def test_what_cannot_be_written_is_named_with_the_reason_of_the_system(tmp_path: Path) -> None:
    for name in ("junit.xml", "report.html"):
        (tmp_path / name).mkdir()
    reports = write_reports(record_of(verdict("retry.active", "ack.retry.active")), tmp_path)
    assert reports.record.metadata.unwritten is not None
    assert reports.record.metadata.unwritten.en == "junit.xml, report.html could not be written (Is a directory)"
    assert {path.name for path in reports.paths} == WRITTEN - {"junit.xml", "report.html"}
