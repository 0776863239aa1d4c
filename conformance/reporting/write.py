"""Writes the report files into a folder, each atomically and independently of the others.

A file that the system refuses is named with the reason. An error of the suite in one report ends the process with its
traceback, after the other files were written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias

from conformance.exchange import Transcript
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import Verdict
from conformance.reporting import run_badge
from conformance.reporting.atomic_write import write_atomically
from conformance.reporting.ctrf_json import ctrf
from conformance.reporting.escaping import json_text
from conformance.reporting.junit_xml import junit
from conformance.reporting.report_json import report, schema_text
from conformance.reporting.reproduction.script import failing_scenarios, script, script_name
from conformance.reporting.summary_md import markdown
from conformance.reporting.waiver_entries import waiver_entries
from conformance.text import Lang, Text, join

REPORT: Final = "report.json"

Make: TypeAlias = Callable[[], str]
"""Returns the text of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """The files written, `report.json` first; `record` names those that could not be written, and why."""

    record: RunResult
    paths: list[Path]


@dataclass(slots=True)
class _Files:
    """A folder that is written file by file and records which files could not be written."""

    folder: Path
    paths: list[Path] = field(default_factory=list)
    lost: dict[Text, list[str]] = field(default_factory=dict)

    def put(self, name: str, make: Make) -> None:
        """Make and write a file; if the system refuses it, record why."""
        try:
            text = make()
            (self.folder / name).parent.mkdir(exist_ok=True)
            write_atomically(self.folder / name, text)
        except OSError as error:
            words = error.strerror or type(error).__name__
            self.lost.setdefault(Text(words, words), []).append(name)
        else:
            self.paths.insert(0, self.folder / name)

    @property
    def unwritten(self) -> Text | None:
        """The files that could not be written, by reason; None if all were."""
        words = Text("{names} could not be written ({why})", "{names} 无法写入（{why}）")
        sentences = [words.format(names=Text(", ".join(n), "、".join(n)), why=why) for why, n in self.lost.items()]
        return join(Text("; ", "；"), sentences) if sentences else None


def write_reports(
    record: RunResult,
    folder: Path,
    transcripts: Mapping[str, Transcript] | None = None,
    *,
    lang: Lang = "en",
    before: Mapping[str, Make] | None = None,
) -> Reports:
    """Write the files of `before`, then every report; reports in one language use `lang`.

    `report.html` shows the requests and responses of `transcripts`, which are by scenario. If a MUST failed,
    `waivers.toml` has entries for all failures, without the reasons. Each failing scenario with a transcript gets a
    reproduction script, unless a worker was judged. A missing folder is created. `report.json` is
    written last: if it exists, the other files do too, or its sentence names them.

    Raises:
        OSError: the folder cannot be created.
        Exception: an error of the suite in one of the texts; the files of the others are there, `report.json` is not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = _Files(folder)
    makers = {
        **(before or {}),
        **_texts(record, transcripts or {}, lang),
        **_scripts(record, transcripts or {}, lang),
    }
    with ExitStack() as each:  # calls all of them, whichever raises
        for name, make in reversed(makers.items()):
            each.callback(files.put, name, make)
    so_far = _with(record, files)
    files.put(REPORT, lambda: json_text(report(so_far)))
    return Reports(record=_with(record, files), paths=files.paths)


def _with(record: RunResult, files: _Files) -> RunResult:
    if files.unwritten is None:
        return record
    return replace(record, metadata=replace(record.metadata, unwritten=files.unwritten))


def _texts(record: RunResult, transcripts: Mapping[str, Transcript], lang: Lang) -> dict[str, Make]:
    """Return the makers of all files except `report.json`, by name; `waivers.toml` only if a MUST failed."""
    texts: dict[str, Make] = {
        "report.schema.json": schema_text,
        "junit.xml": lambda: junit(record, lang, transcripts),
        "ctrf.json": lambda: json_text(ctrf(record, lang, transcripts)),
        "summary.md": lambda: markdown(record, lang),
        "badge.svg": lambda: run_badge.svg(record, lang),
        "badge.json": lambda: run_badge.endpoint(record, lang),
        "report.html": lambda: _page(record, transcripts, lang),
    }
    failed = record.tally.requirements_with_verdict("failed", level="MUST")
    if failed:
        texts["waivers.toml"] = lambda: waiver_entries(failed, lang)
    return texts


def _scripts(record: RunResult, transcripts: Mapping[str, Transcript], lang: Lang) -> dict[str, Make]:
    """Return the makers of the reproduction scripts, by path in the folder."""

    def maker(scenario: str, verdicts: Sequence[Verdict]) -> Make:
        return lambda: script(transcripts[scenario], verdicts, record.metadata, lang)

    return {
        script_name(scenario): maker(scenario, verdicts)
        for scenario, verdicts in failing_scenarios(record).items()
        if record.metadata.worker is None and scenario in transcripts and transcripts[scenario].exchanges
    }


def _page(record: RunResult, transcripts: Mapping[str, Transcript], lang: Lang) -> str:
    from conformance.reporting.html.page import page  # the template engine is not needed for anything else

    return page(record, transcripts, lang)
