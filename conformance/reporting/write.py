"""Puts the report files into a folder, each of them whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from conformance.judging.record import RunRecord
from conformance.judging.tally import RequirementResult
from conformance.judging.verdict import Verdict
from conformance.judging.waivers import lines_of_entries
from conformance.reporting.junit_xml import junit
from conformance.reporting.report_json import report, schema_text
from conformance.reporting.safe import json_text
from conformance.text import Lang


def write_reports(record: RunRecord, folder: Path, *, lang: Lang = "en") -> list[Path]:
    """Write `report.json`, `report.schema.json` and `junit.xml` (this one in `lang`) and return their paths.

    Where a MUST failed, `waivers.toml` holds an entry for each, to be completed by whoever knows why. The folder is made where it is missing. `report.json` comes last: where it is, the others are too.

    Raises:
        OSError: the folder or a file in it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "report.schema.json": schema_text(),
        "junit.xml": junit(record, lang),
        "report.json": json_text(report(record)),
    }
    failed = record.tally.of("failed", level="MUST")
    if failed:
        entries = ((result.requirement.id, _failed(result)) for result in failed)
        texts["waivers.toml"] = "\n".join(lines_of_entries(entries))
    for name, text in texts.items():
        _replace(folder / name, text.encode("utf-8"))
    return [folder / name for name in ("report.json", "report.schema.json", "junit.xml")]


def _failed(result: RequirementResult) -> list[Verdict]:
    return [verdict for verdict in result.verdicts if verdict.kind == "failed"]


def _replace(path: Path, content: bytes) -> None:
    """Write beside the file and rename, so that a reader sees the old content or the new, never half of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
