"""Puts the report files into a folder, each of them whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from conformance.exchange import Transcript
from conformance.judging.record import RunRecord
from conformance.judging.tally import RequirementResult
from conformance.judging.verdict import Verdict
from conformance.judging.waivers import lines_of_entries
from conformance.reporting import run_badge
from conformance.reporting.ctrf_json import ctrf
from conformance.reporting.junit_xml import junit
from conformance.reporting.report_json import report, schema_text
from conformance.reporting.safe import json_text
from conformance.reporting.summary_md import markdown
from conformance.reporting.whole import write_whole
from conformance.text import Lang


def write_reports(
    record: RunRecord, folder: Path, transcripts: Mapping[str, Transcript] | None = None, *, lang: Lang = "en"
) -> list[Path]:
    """Write every report, those that have one language in `lang`, and return the paths, `report.json` first.

    `report.html` shows the conversations of `transcripts`, by scenario.
    Where a MUST failed, `waivers.toml` holds an entry for each, to be completed by whoever knows why. The folder is
    made where it is missing. `report.json` comes last: where it is, the others are too.

    Raises:
        OSError: the folder or a file in it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "report.schema.json": schema_text(),
        "junit.xml": junit(record, lang, transcripts),
        "ctrf.json": json_text(ctrf(record, lang)),
        "summary.md": markdown(record, lang),
        "badge.svg": run_badge.svg(record, lang),
        "badge.json": run_badge.endpoint(record, lang),
        "report.html": _page(record, transcripts or {}, lang),
    }
    failed = record.tally.of("failed", level="MUST")
    if failed:
        entries = ((result.requirement.id, _failed(result)) for result in failed)
        texts["waivers.toml"] = "\n".join(lines_of_entries(entries))
    texts["report.json"] = json_text(report(record))
    for name, text in texts.items():
        write_whole(folder / name, text)
    return [folder / name for name in reversed(texts)]


def _page(record: RunRecord, transcripts: Mapping[str, Transcript], lang: Lang) -> str:
    from conformance.reporting.html.page import page  # the template engine is not needed for anything else

    return page(record, transcripts, lang)


def _failed(result: RequirementResult) -> list[Verdict]:
    return [verdict for verdict in result.verdicts if verdict.kind == "failed"]
