"""Puts the report files into a folder, each of them whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from conformance.judging.record import RunRecord
from conformance.reporting.junit_xml import junit
from conformance.reporting.report_json import report, schema_text
from conformance.reporting.safe import json_text
from conformance.text import Lang


def write_reports(record: RunRecord, folder: Path, *, lang: Lang = "en") -> list[Path]:
    """Write `report.json`, `report.schema.json` and `junit.xml` (this one in `lang`) and return their paths.

    The folder is made where it is missing. `report.json` comes last: where it is, the others are too.

    Raises:
        OSError: the folder or a file in it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "report.schema.json": schema_text(),
        "junit.xml": junit(record, lang),
        "report.json": json_text(report(record)),
    }
    for name, text in texts.items():
        _replace(folder / name, text.encode("utf-8"))
    return [folder / name for name in ("report.json", "report.schema.json", "junit.xml")]


def _replace(path: Path, content: bytes) -> None:
    """Write beside the file and rename, so that a reader sees the old content or the new, never half of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
