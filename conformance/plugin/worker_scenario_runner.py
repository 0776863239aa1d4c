"""Runs the scenarios of profile `worker` on one event loop in its own thread, as `ScenarioRunner` runs the others."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Iterable
from concurrent.futures import CancelledError, Future
from typing import Final

from conformance.binding import Binding
from conformance.chapters.registry import worker_scenarios
from conformance.client.counters import RequestCounters
from conformance.exchange import Transcript
from conformance.machine.event_loop import new_event_loop
from conformance.machine.watchdog import Watchdog
from conformance.plugin.run_config import RunConfig
from conformance.plugin.transcripts import as_suite_error, wait_for_transcript, write_transcript
from conformance.scenario.execute import unfinished_transcript
from conformance.target import Credentials, Secret, Target
from conformance.text import Text
from conformance.worker_harness.command import WorkerConfig
from conformance.worker_harness.execute import play_scenario
from conformance.worker_harness.scenario import WorkerScenario
from conformance.worker_harness.scripted_ids import ScriptedIds
from conformance.worker_harness.scripted_server import SCRIPTED_SERVER
from conformance.worker_harness.stage import Announce, WorkerStage

MAX_CONCURRENT: Final = 10
"""How many scenarios run at once: they mostly wait, but each has a process."""

MAX_STARTING: Final = 2
"""How many workers start at once: a start takes processor time, which running ones would miss."""


def scripted_target(
    worker: WorkerConfig, rerun_options: tuple[str, ...], binding: Binding | None
) -> tuple[Target, Credentials]:
    """Return the scripted servers as a target. Each scenario has a token of its own; the one here is never used."""
    target = Target(
        base_url=SCRIPTED_SERVER,
        worker=worker.shown,
        binding=binding.digest if binding is not None else None,
        rerun_options=rerun_options,
    )
    return target, Credentials(pat=Secret(secrets.token_hex(), "${QODER_PAT}"))


class WorkerScenarioRunner:
    """Runs each scenario once, and writes every transcript as soon as it is complete."""

    def __init__(self, run_config: RunConfig, announce: Announce | None = None) -> None:
        assert run_config.worker is not None, "this profile has a worker"
        self._run_config = run_config
        self._config = run_config.worker
        self._announce = announce
        self._sent = 0
        self._stages: set[WorkerStage] = set()
        self._transcripts: dict[str, Future[Transcript]] = {}
        self._cut: Text | None = None
        self._loop = new_event_loop()
        self._closing = asyncio.Event()
        by_hand = self._config.command is None
        at_once = 1 if by_hand else max(1, min(MAX_CONCURRENT, run_config.limits.concurrency))
        self._gate = asyncio.Semaphore(at_once)
        self._starting = asyncio.Semaphore(MAX_STARTING)
        self._watchdog = Watchdog()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._main(),), daemon=True)
        self._thread.start()

    @property
    def request_counters(self) -> RequestCounters:
        """What the workers have sent so far, and how many have yet to send something. Any thread may ask."""
        stages = tuple(self._stages)
        return RequestCounters(
            requests=self._sent + sum(len(stage.exchanges) for stage in stages),
            waiting=sum(stage.waiting for stage in stages),
        )

    def start(self, names: Iterable[str]) -> None:
        """Start the scenarios that have not been started yet; those with the longest jobs first."""
        fresh = [worker_scenarios()[name] for name in names if name not in self._transcripts]
        for scenario in sorted(fresh, key=lambda each: -each.script.job_leases):
            self._transcripts[scenario.id] = asyncio.run_coroutine_threadsafe(self._play(scenario), self._loop)
            if self._cut is not None:
                self._transcripts[scenario.id].cancel()

    def transcript(self, name: str) -> Transcript:
        """Wait for a scenario's transcript and return it; an `aborted` one if the run was cut short."""
        self.start([name])
        try:
            return wait_for_transcript(self._transcripts[name])
        except CancelledError:
            reason = self._cut or Text("the run was interrupted", "运行被中断")
            return self._written(
                unfinished_transcript(
                    worker_scenarios()[name], reason, run=self._run_config.run_id, seed=self._run_config.seed
                )
            )

    def cancel(self, reason: Text) -> None:
        """Cancel all running scenarios; their workers are stopped."""
        self._cut = self._cut or reason
        for transcript in self._transcripts.values():
            transcript.cancel()

    def close(self) -> None:
        """Cancel all running scenarios, stop their workers and end the thread."""
        self.cancel(Text("the run ended early", "运行已提前结束"))
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._closing.set)
            self._thread.join()
        self._loop.close()
        self._watchdog.close()

    async def _main(self) -> None:
        await self._closing.wait()
        leftover = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        await asyncio.gather(*leftover, return_exceptions=True)
        await asyncio.get_running_loop().shutdown_default_executor()

    async def _play(self, scenario: WorkerScenario) -> Transcript:
        run_config = self._run_config
        async with self._gate:
            stage = WorkerStage(
                self._config,
                scenario.script,
                ids=ScriptedIds(run=run_config.run_id, scenario=scenario.id, binding=run_config.target.binding),
                epoch=run_config.epoch,
                starting=self._starting,
                watchdog=self._watchdog,
                announce=self._announce,
            )
            self._stages.add(stage)
            try:
                transcript = await play_scenario(scenario, stage, run=run_config.run_id, seed=run_config.seed)
            finally:
                self._stages.discard(stage)
        self._sent += transcript.requests
        return self._written(transcript)

    def _written(self, transcript: Transcript) -> Transcript:
        try:
            write_transcript(self._run_config.folder, transcript)
        except OSError as error:
            return as_suite_error(transcript, error)
        return transcript
