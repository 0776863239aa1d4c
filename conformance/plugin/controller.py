"""Controls one run from beginning to end: preflight, verdicts, clean-up, reports."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from conformance import __version__
from conformance.arrange.cleanup import UnremovedResource, remove_resources
from conformance.arrange.command_arranger import release
from conformance.arrange.environment_tokens import add_environment_tokens
from conformance.arrange.environments import RunResources
from conformance.arrange.journal import Journal, new_run_id
from conformance.arrange.preflight import PreflightError, preflight
from conformance.chapters.registry import every_scenario
from conformance.client.api import Api
from conformance.client.client_session import run_with_client
from conformance.client.counters import RequestCounters
from conformance.contract.catalogue import load_catalogue
from conformance.evidence import EVIDENCE, PLAN, evidence_index_text, plan_json
from conformance.exchange import EndKind, Transcript
from conformance.judging.judge import judge_planned_check
from conformance.judging.plan import Cost, Selection, cost, full_plan
from conformance.judging.repetition import count_requests, has_missing_repetitions
from conformance.judging.run_result import Phases, RunMetadata, RunResult
from conformance.judging.side_observations import observed_deviations
from conformance.judging.silence import last_response_at
from conformance.judging.verdict import PlannedCheck, Verdict
from conformance.plugin import run_folder as run_folder
from conformance.plugin.baseline import read_baseline
from conformance.plugin.judging_runner import TIME_LIMIT, JudgingRunner
from conformance.plugin.run_config import RunConfig
from conformance.plugin.run_folder import TranscriptFolder
from conformance.plugin.transcripts import read_transcript, write_transcript
from conformance.plugin.worker_scenario_runner import scripted_target
from conformance.reporting.write import write_reports
from conformance.scenario.execute import NO_LONGER_THERE, unfinished_transcript
from conformance.settings import Settings
from conformance.target import ConfigurationError, Credentials, Target
from conformance.text import Text

GRACE: Final = 60.0
"""Seconds for the clean-up after the run's time limit, unless that limit itself is shorter."""

LEAST_PREPARING: Final = 10.0
"""Minimum seconds for preparing the target, beyond a share of the run's time limit, unless that limit is shorter."""

_HURRIED: Final = 6.0
"""Seconds for the clean-up after a signal: the sender of one often follows it with SIGKILL."""

T = TypeVar("T")


class RunController:
    """Holds the state of the whole run. Exists in one process only; xdist workers receive what they need from it."""

    def __init__(self, settings: Settings, selection: Selection, *, processes: int) -> None:
        self.settings = settings
        self.plan: tuple[PlannedCheck, ...] = ()
        self.record: RunResult | None = None
        self.interrupted: Text | None = None
        self.clean_up_quickly = False
        self._selection = selection
        self._processes = max(1, processes)
        self._verdicts: list[Verdict] = []
        self._traffic = RequestCounters()
        self._turned_away: dict[int, int] = {}
        self._workspace: RunResources | None = None
        self._started = datetime.now(UTC)
        self._epoch = self._begun = self._prepared = self._over = time.monotonic()
        self._resources = contextlib.ExitStack()
        self._baseline = read_baseline(settings.baseline, settings.output)
        run_id = new_run_id(self._started)
        output = settings.output or run_folder.default_folder(run_id)
        self._run_folder = run_folder.claim_folder(output, run_id)
        self._resources.callback(self._run_folder.release)
        self.folder = self._run_folder.path
        try:
            target, credentials = self._target_and_credentials()
        except BaseException:
            self._run_folder.discard()
            raise
        self.run_config = RunConfig(
            run_id=run_id,
            seed=_seed(settings, run_id),
            epoch=self._epoch,
            target=target,
            credentials=credentials,
            limits=settings.limits,
            folder=self.folder,
            arrange_config=settings.arrange_config,
            waivers=settings.waivers or "",
            day=f"{self._started:%Y-%m-%d}",
            repeat=settings.repeat,
            race_repeat=settings.race_repeat,
            profile=selection.profile,
            worker=settings.worker,
        )

    @property
    def target(self) -> Target:
        """The server that the run judges."""
        return self.run_config.target

    @property
    def transcript_folder(self) -> TranscriptFolder:
        """The folder of the run's transcripts."""
        return self.run_config.transcript_folder

    @property
    def run_resources_file(self) -> Path:
        """The file that lists the prepared items for all processes."""
        return self.folder / "workspace.json"

    def begin(self, plan: list[PlannedCheck]) -> RunResources:
        """Write the plan, then send the first requests to the target and prepare it.

        Raises:
            PreflightError: the target cannot be judged.
            OSError: the run's folder cannot be written.
        """
        self.plan = tuple(plan)
        self._begun = time.monotonic()
        run_folder.write_json(self.folder / PLAN, plan_json(self.run_config.run_id, plan, self.settings.binding))
        run_resources = self._prepare()
        if run_resources.one_connection:
            self.run_config = replace(self.run_config, limits=replace(self.run_config.limits, one_connection=True))
        run_folder.write_json(self.run_resources_file, run_resources.to_json())
        if self.settings.output is None:
            run_folder.point_latest(self.folder)
        self._workspace = run_resources
        self._prepared = time.monotonic()
        return run_resources

    def _prepare(self) -> RunResources:
        """Send the first requests to the server and prepare it; a worker needs no preparation."""
        run_id, arrange_config = self.run_config.run_id, self.run_config.arrange_config
        if self.run_config.worker is not None:
            return RunResources(run_id=run_id, main="", agent="")
        bound = max(LEAST_PREPARING, self.run_config.limits.max_duration)
        try:
            return self._talk(lambda api: preflight(api, self._journal, run_id, arrange_config), within=bound)
        except TimeoutError:
            raise PreflightError(_too_slow(self.run_config.target.host, bound)) from None

    def runner(self, names: Iterable[str]) -> JudgingRunner:
        """Return a runner that runs these scenarios in this process."""
        assert self._workspace is not None, "the target was prepared"
        return JudgingRunner(self.run_config, self._workspace, names)

    def cost(self, lines: Iterable[PlannedCheck]) -> Cost:
        """Return the requests, objects and seconds that a plan needs."""
        limits, arrange_config = self.run_config.limits, self.run_config.arrange_config
        return cost(
            lines,
            writes_per_second=limits.writes_per_second,
            arranged_by=arrange_config.mode,
            repeat=self.run_config.repeat,
            explore=limits.explore,
            race_repeat=self.run_config.race_repeat,
        )

    def add_verdict(self, verdict: Verdict) -> None:
        """Add a verdict from this or another process."""
        self._verdicts.append(verdict)

    def record_throttled_requests(self, process: int, requests: int) -> None:
        """Record how many requests of a process the target has rejected with 429 or 503 so far."""
        self._turned_away[process] = requests

    def finish(self, *, remove: bool = True) -> RunResult:
        """Give every open check its verdict, clean up, and write the reports in any case.

        With `remove=False` nothing is cleaned up, because the target ends with the run. Only the returned record says
        which reports could not be written.
        """
        transcripts = self._complete_records()
        self._over = time.monotonic()
        self.interrupted = self.interrupted or self._cut_short(transcripts.values())
        leftovers = [self._not_cleaned_up]
        try:
            leftovers = self.clean_up() if remove else []
        except KeyboardInterrupt:
            self.interrupted = self.interrupted or Text("the clean-up was interrupted", "清理被中断")
        finally:
            requests = sum(map(count_requests, transcripts.values()))
            seen = observed_deviations(
                transcripts.values(), [work_id for _, work_id in self._journal.delivered_twice()]
            )
            about = replace(
                self._metadata(requests, tuple(leftovers)),
                noticed=tuple(seen),
                last_response_at=last_response_at(transcripts.values(), self._started),
            )
            record = RunResult(metadata=about, plan=self.plan, verdicts=tuple(self._verdicts), baseline=self._baseline)
            self.record = self._reported(record, transcripts)
        return self.record

    def _reported(self, record: RunResult, transcripts: Mapping[str, Transcript]) -> RunResult:
        """Seal the evidence and write the reports. If that fails, the verdicts still stand and the record says so."""
        sealed = {EVIDENCE: lambda: evidence_index_text(self.folder, record.metadata)}
        lang = self.settings.lang or "en"
        return write_reports(record, self.folder, transcripts, lang=lang, before=sealed).record

    def clean_up(self) -> list[str]:
        """Remove what the run created, or ask the vendor's program to. Return one sentence per leftover."""
        made = self._journal.read()
        given = self._journal.claimed() if self.run_config.arrange_config.mode == "command" else []
        sentences = []
        bound = max(GRACE, self.run_config.limits.max_duration)
        within = min(bound, _HURRIED) if self.clean_up_quickly else bound
        if made:
            # Twice: a scenario with a burst has at least as many requests in flight.
            at_once = 2 * self.run_config.limits.concurrency
            left = self._talk(lambda api: remove_resources(api, made, within=within, at_once=at_once))
            sentences += [_sentence(leftover) for leftover in left]
        if given:
            at_once = self.run_config.limits.concurrency
            try:
                returned = self._talk(
                    partial(self._release, given, at_once), within=within if self.clean_up_quickly else None
                )
            except TimeoutError:
                returned = ["there was no time left to return all items to the arranging program"]
            sentences += returned
        return sentences

    async def _release(self, given: list[tuple[str, str | None]], at_once: int, api: Api) -> list[str]:
        """Return the program's items to it. Tokens that the program named are masked in the returned sentences."""
        with contextlib.suppress(ConfigurationError):
            add_environment_tokens(api.client, self._journal.pat_variables)
        return await release(self.run_config.arrange_config.program(api), given, at_once=at_once)

    def discard_unstarted_run(self) -> list[str]:
        """End a run that never began: remove what it created, and its folder unless there is something to report.

        Returns one sentence per leftover.
        """
        try:
            left = self.clean_up()
        except KeyboardInterrupt:
            left = [self._not_cleaned_up]
        if not left:
            self._run_folder.discard()
        return left

    def close(self) -> None:
        """Release the run's folder, the embedded emulator and a vendor's program that is still running."""
        self.run_config.arrange_config.close()
        self._resources.close()

    @property
    def _not_cleaned_up(self) -> str:
        return f"not cleaned up: work-conformance clean --run-id {self.run_config.run_id}"

    @property
    def _journal(self) -> Journal:
        return Journal(self.folder / "journal.jsonl")

    def _target_and_credentials(self) -> tuple[Target, Credentials]:
        if self.settings.worker is not None:
            return scripted_target(self.settings.worker, self.settings.rerun_options, self.settings.binding)

        if self.settings.base_url is not None:
            assert self.settings.credentials is not None
            return self.settings.target(), self.settings.credentials
        from conformance.plugin.embedded_emulator import start_emulator  # not needed for any other target

        return start_emulator(self._resources, self.settings)

    def _talk(self, conversation: Callable[[Api], Awaitable[T]], *, within: float | None = None) -> T:
        """Send requests of the run itself, outside of any scenario."""
        # An endpoint that was already down for the maximum outage is not waited for that long again.
        gone = any(verdict.reason == NO_LONGER_THERE for verdict in self._verdicts)
        whom, known = self.run_config, self._workspace is not None and not gone
        return run_with_client(
            whom.target,
            whom.credentials,
            whom.limits,
            conversation,
            within=within,
            request_counters=self._traffic,
            known=known,
        )

    def _complete_records(self) -> dict[str, Transcript]:
        """Write a transcript for every planned scenario, judge the checks that are still open, and return them all.

        An unfinished scenario gets an `aborted` transcript, so that the evidence is complete. Without an interruption,
        an open check is a lost verdict.
        """
        reason = self.interrupted or Text("the process that ran the scenario crashed", "执行该场景的进程崩溃")
        kind: EndKind = "aborted" if self.interrupted else "suite-error"
        transcripts = {}
        for name in dict.fromkeys(line.scenario for line in self.plan):
            transcript = read_transcript(self.folder, name)
            if transcript is None:
                run, seed = self.run_config.run_id, self.run_config.seed
                transcript = unfinished_transcript(every_scenario()[name], reason, run=run, seed=seed, kind=kind)
                with contextlib.suppress(OSError):  # sealing the evidence reports it
                    write_transcript(self.folder, transcript)
            transcripts[name] = transcript
        known = {verdict.line for verdict in self._verdicts}
        for line in self.plan:
            if self.interrupted is not None and line not in known:
                self.add_verdict(judge_planned_check(line, transcripts[line.scenario], self.run_config.parsed_waivers))
        return transcripts

    def _cut_short(self, transcripts: Iterable[Transcript]) -> Text | None:
        """Return why scenarios were cut off or not repeated, if it was the time limit and not an interruption."""
        for transcript in transcripts:
            if transcript.ending.kind == "aborted":
                return transcript.ending.reason
            late = self._over - self._epoch >= self.run_config.limits.max_duration
            if late and has_missing_repetitions(transcript):
                return TIME_LIMIT
        return None

    def _metadata(self, requests: int, leftovers: tuple[str, ...]) -> RunMetadata:
        target, now = self.run_config.target, time.monotonic()
        return RunMetadata(
            run_id=self.run_config.run_id,
            seed=self.run_config.seed,
            suite_version=__version__,
            catalogue_version=load_catalogue().version,
            started_at=f"{self._started:%Y-%m-%dT%H:%M:%SZ}",
            duration=now - self._epoch,
            base_url=target.base_url,
            api_prefix=target.api_prefix,
            worker_header=target.worker_header,
            states=target.states,
            rerun_options=target.rerun_options,
            worker=target.worker,
            lease_seconds=self.settings.worker.lease if self.settings.worker is not None else None,
            embedded=target.embedded,
            insecure=target.connection.insecure,
            processes=self._processes,
            strict=self.settings.strict,
            profile=self._selection.profile,
            arranged_by=self.run_config.arrange_config.mode,
            requests=requests,
            turned_away=self._traffic.throttled + sum(self._turned_away.values()),
            repeat=self.settings.repeat,
            selection=self._words_of_selection(),
            interrupted=self.interrupted,
            leftovers=leftovers,
            waivers=self.settings.waivers,
            phases=Phases(
                preflight=self._prepared - self._begun,
                conversations=self._over - self._prepared,
                clean_up=now - self._over,
            ),
        )

    def _words_of_selection(self) -> str | None:
        if set(self.plan) >= set(full_plan(self._selection.profile)):
            return None
        parts = [f"chapter {name}" for name in self._selection.chapters]
        parts += [f"requirement {name}" for name in self._selection.requirements]
        parts += [f"expression {self._selection.expression}"] if self._selection.expression else []
        parts += ["what did not pass in an earlier run"] if self._selection.lines is not None else []
        return ", ".join(parts) or "a part of the suite"


def _seed(settings: Settings, run_id: str) -> int:
    """Return the seed: a bound run's follows from its binding, so that nobody chooses it."""
    if settings.binding is not None:
        return settings.binding.seed(run_id)
    return settings.seed if settings.seed is not None else secrets.randbelow(2**31)


def _too_slow(host: str, seconds: float) -> Text:
    return Text(
        "{host} could not be prepared within {n} s. Check that it is up, or allow more time with --max-duration.",
        "{host} 未能在 {n} 秒内准备就绪。请确认服务器正常，或用 --max-duration 放宽时限。",
    ).format(host=host, n=f"{seconds:g}")


def _sentence(leftover: UnremovedResource) -> str:
    return f"{leftover.collection}: {leftover.name} ({leftover.id or 'id unknown'}): {leftover.reason}"


__all__ = ["PreflightError", "RunController"]
