import json
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from conformance.reporting.terminal import lines
from conformance.reporting.write import write_reports

from .records import HOSTILE, hostile, mixed, record_of, verdict


def test_the_three_files_are_written_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    paths = write_reports(record_of(verdict("retry.active", "ack.retry.active")), folder)
    assert paths == [folder / "report.json", folder / "report.schema.json", folder / "junit.xml"]
    assert sorted(folder.iterdir()) == sorted(paths)


def test_where_a_must_failed_there_is_a_file_of_waivers_to_complete(tmp_path: Path) -> None:
    record = mixed()
    write_reports(record, tmp_path)
    entries = tomllib.loads((tmp_path / "waivers.toml").read_text("utf-8"))["waiver"]
    assert [entry["requirement"] for entry in entries] == [
        result.requirement.id for result in record.tally.of("failed", level="MUST")
    ]
    assert {entry["reason"] for entry in entries} == {""}


def test_the_report_is_valid_against_the_schema_beside_it(tmp_path: Path) -> None:
    report, schema, _ = write_reports(mixed(), tmp_path)
    jsonschema.Draft202012Validator(json.loads(schema.read_text("utf-8"))).validate(
        json.loads(report.read_text("utf-8"))
    )


@pytest.mark.parametrize("text", [*HOSTILE, "x" * 100_000], ids=lambda text: repr(text[:12]))
def test_equal_records_give_equal_bytes_whatever_the_target_sent(text: str, tmp_path: Path) -> None:
    first = [path.read_bytes() for path in write_reports(hostile(text), tmp_path / "1")]
    second = [path.read_bytes() for path in write_reports(hostile(text), tmp_path / "2")]
    assert first == second
    json.loads(first[0])
    ElementTree.fromstring(first[2])
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
    with pytest.raises(OSError, match="report"):
        write_reports(mixed(), tmp_path)
    assert not list(tmp_path.glob(".*"))
