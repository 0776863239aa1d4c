"""Judges a saved run again: the same items, without any request."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from conformance.evidence import EVIDENCE, TRANSCRIPTS, BrokenEvidence, Evidence, read_evidence
from conformance.judging.plan import Cost
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck, Verdict
from conformance.plugin import run_folder as run_folder
from conformance.plugin.baseline import read_baseline
from conformance.plugin.run_folder import TranscriptFolder
from conformance.reporting.write import write_reports
from conformance.settings import Settings
from conformance.target import ConfigurationError, Target
from conformance.text import Text


class Replay:
    """Stands in for the `RunController` when a run is judged again from its evidence."""

    def __init__(self, settings: Settings, source: Path) -> None:
        try:
            self.evidence: Evidence = read_evidence(source)
        except BrokenEvidence as error:
            raise ConfigurationError(error.reason.en, error.reason.zh) from None
        self.interrupted: Text | None = None
        self.clean_up_quickly = False
        self.record: RunResult | None = None
        self._answerable = frozenset(self.evidence.checks)
        self._settings = settings
        self._plan: tuple[PlannedCheck, ...] = ()
        self._verdicts: list[Verdict] = []
        about = self.evidence.metadata
        self.transcript_folder = TranscriptFolder(
            about.run_id, source.resolve() / TRANSCRIPTS, _seconds(about.started_at)
        )
        output = settings.output or Path("reports") / f"{about.run_id}-replay"
        if output.resolve() == source.resolve():
            raise ConfigurationError(
                "--output: this is the folder that is judged again. Name another folder.",
                "--output：该目录正是要重新判定的目录。请指定其他目录。",
            )
        self._baseline = read_baseline(settings.baseline, output)
        self._run_folder = run_folder.claim_folder(output, about.run_id)
        self.folder = self._run_folder.path

    @property
    def target(self) -> Target:
        """The server that the saved run judged."""
        about = self.evidence.metadata
        return Target(
            base_url=about.base_url,
            api_prefix=about.api_prefix,
            embedded=about.embedded,
            rerun_options=about.rerun_options,
            worker=about.worker,
        )

    def includes(self, line: PlannedCheck) -> bool:
        """Return whether the evidence contains this check."""
        return line in self._answerable

    def begin(self, plan: list[PlannedCheck]) -> None:
        """Note the plan that is judged."""
        self._plan = tuple(plan)

    def cost(self, lines: Iterable[PlannedCheck]) -> Cost | None:
        """Return None: nothing is sent."""
        del lines
        return None

    def runner(self, names: Iterable[str]) -> Replay:
        """Return itself: a replay needs no runner."""
        del names
        return self

    def judge(self, line: PlannedCheck) -> Verdict:
        """Judge a check on the saved transcript."""
        return self.evidence.judge_check(line)

    def add_verdict(self, verdict: Verdict) -> None:
        """Add a verdict."""
        self._verdicts.append(verdict)

    def finish(self) -> RunResult:
        """Write the reports and return the record."""
        about = self.evidence.rejudged_metadata
        about = replace(about, strict=self._settings.strict or about.strict)
        record = RunResult(metadata=about, plan=self._plan, verdicts=tuple(self._verdicts), baseline=self._baseline)
        lang = self._settings.lang or "en"
        self.record = write_reports(record, self.folder, self.evidence.transcripts, lang=lang).record
        return self.record

    def discard_unstarted_run(self) -> list[str]:
        """Remove the folder of reports that were never written. Nothing is left on a target."""
        self._run_folder.discard()
        return []

    def close(self) -> None:
        """Release the folder."""
        self._run_folder.release()


def saved_profile(source: Path) -> str | None:
    """Return the profile that a saved run names; None if its evidence cannot be read, which the replay itself reports."""
    try:
        profile = json.loads((source / EVIDENCE).read_text("utf-8"))["circumstances"]["profile"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return profile if isinstance(profile, str) else None


def _seconds(started_at: str) -> float:
    """Return seconds since the epoch; an unreadable time does not affect any verdict."""
    try:
        return datetime.fromisoformat(started_at).timestamp()
    except ValueError:
        return 0.0
