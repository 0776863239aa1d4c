"""Runs scenarios on one event loop in its own thread. Each pytest item only waits for its transcript."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from itertools import count
from typing import Final

from conformance.arrange.api_arranger import Arranger
from conformance.arrange.cleanup import clean_up_scenario_items
from conformance.arrange.environment_tokens import add_environment_tokens
from conformance.arrange.environments import RunResources
from conformance.arrange.item_source import ArrangerFactory
from conformance.arrange.journal import Journal
from conformance.chapters.ack.solo_operations import ODDITIES, UndocumentedEffect, find_undocumented_effects
from conformance.chapters.registry import scenarios
from conformance.client.address_pools import AddressPools
from conformance.client.api import Api
from conformance.client.client import Client
from conformance.client.counters import RequestCounters
from conformance.exchange import Transcript
from conformance.judging.judge import judge_planned_check
from conformance.judging.repetition import RepetitionTotals, add_repetition
from conformance.machine.event_loop import new_event_loop
from conformance.plugin.race_rounds import RoundPolicy
from conformance.plugin.run_config import RunConfig, item_specs_of_scenarios, max_concurrent_scenarios, planned_checks
from conformance.plugin.transcripts import as_suite_error, wait_for_transcript, wait_until_written, write_transcript
from conformance.scenario.client_identity import choose_client_identity
from conformance.scenario.context import ContextFactory, ScenarioContext
from conformance.scenario.execute import execute_scenario, unfinished_transcript
from conformance.scenario.model import Scenario
from conformance.text import Text

_START_ORDER: Final = sorted(
    scenarios().values(),
    key=lambda s: (s.run_last, s.race, not s.in_second_environment, not s.mostly_waits, -s.item_spec.items),
)
_ORDER: Final = {scenario.id: number for number, scenario in enumerate(_START_ORDER)}
"""Order of start: quiet scenarios first, since they wait for each other; then slow ones, those with many items, which
are created in turn, others, races, last ones."""

_PLACES: Final = {
    name: number for number, name in enumerate(sorted(scenarios(), key=lambda name: name not in scenarios("ack")))
}
"""Places for the identities, those of profile `ack` first, so that every other one is neutral in each profile."""


class ScenarioRunner:
    """Runs scenarios, each as often as requested, and writes every transcript as soon as it is complete.

    Of a repeated scenario, only one transcript is kept at any time.
    """

    def __init__(self, run_config: RunConfig, run_resources: RunResources) -> None:
        self._run_config = run_config
        self._workspace = run_resources
        self._lines = planned_checks(run_config)
        self._journal = Journal(run_config.folder / "journal.jsonl")
        self._arrangers = ArrangerFactory(
            run_config.arrange_config,
            run_resources,
            self._journal,
            item_specs_of_scenarios(run_config, self._lines),
            processes=run_config.processes,
        )
        self._totals: dict[str, RepetitionTotals] = {}
        self._transcripts: dict[str, Future[Transcript]] = {}
        self._cut: Text | None = None
        self._cutting = threading.Lock()
        self._begun = time.monotonic()
        self._races: asyncio.Task[None] | None = None
        self._oddities: list[UndocumentedEffect] = []
        self._nothing_else_to_judge = asyncio.Event()
        self._loop = new_event_loop()
        self._ready: Future[Client] = Future()
        self._closing = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._main(),), daemon=True)
        self._thread.start()
        self._client = self._ready.result()

    @property
    def request_counters(self) -> RequestCounters:
        """What its scenarios have sent so far."""
        return self._client.request_counters

    def start(self, names: Iterable[str]) -> None:
        """Start the scenarios that have not been started yet."""
        fresh = [scenarios()[name] for name in names if name not in self._transcripts]
        with self._cutting:
            for scenario in sorted(fresh, key=lambda each: _ORDER[each.id]):
                if self._cut is None:
                    conversation = asyncio.run_coroutine_threadsafe(self._perform(scenario), self._loop)
                else:
                    conversation = Future()
                    conversation.cancel()
                self._transcripts[scenario.id] = conversation

    def _started(self) -> dict[str, Future[Transcript]]:
        """Return the scenarios started so far, as a copy: the thread that judges adds more while the loop reads."""
        with self._cutting:
            return dict(self._transcripts)

    def transcript(self, name: str) -> Transcript:
        """Wait for a scenario's transcript and return it.

        If the run was cut short, it is the transcript of the repetitions so far, or an `aborted` one.
        """
        self.start([name])
        if scenarios()[name].race or scenarios()[name].run_last:
            self._loop.call_soon_threadsafe(self._nothing_else_to_judge.set)
        try:
            return wait_for_transcript(self._transcripts[name])
        except CancelledError:
            if name in self._totals:
                return self._written(self._totals[name].mark_interrupted().transcript_with_counts())
            reason = self._cut or Text("the run was interrupted", "运行被中断")
            transcript = unfinished_transcript(
                scenarios()[name], reason, run=self._run_config.run_id, seed=self._run_config.seed
            )
            return self._written(transcript)

    def cancel(self, reason: Text) -> None:
        """Cancel all running scenarios; waiting items get an aborted transcript."""
        with self._cutting:
            self._cut = self._cut or reason
            for transcript in self._transcripts.values():
                transcript.cancel()
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: self._races is None or self._races.cancel())

    def close(self) -> None:
        """Cancel all running scenarios and end the thread."""
        self.cancel(Text("the run ended early", "运行已提前结束"))
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._closing.set)
            self._thread.join()
        self._loop.close()
        for name, totals in self._totals.items():
            if self._transcripts[name].cancelled():
                self._written(totals.mark_interrupted().transcript_with_counts())

    async def _main(self) -> None:
        run_config = self._run_config
        self._gate = asyncio.Semaphore(max_concurrent_scenarios(run_config.limits))
        # Judging takes one thread beside the loop; each further thread would reserve memory of its own.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(max_workers=2))
        self._quiet = asyncio.Lock()
        self._quiet_ones, self._holds_place = 0, False
        try:
            transport = AddressPools(run_config.target, run_config.limits)
        except BaseException as error:
            self._ready.set_exception(error)
            raise
        async with transport:
            client = Client(
                transport,
                target=run_config.target,
                credentials=run_config.credentials,
                limits=run_config.limits,
                clock=lambda: time.monotonic() - run_config.epoch,
                known=True,
            )
            add_environment_tokens(client, self._workspace.pat_envs)
            self._ready.set_result(client)
            await self._closing.wait()
            leftover = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in leftover:
                task.cancel()
            await asyncio.gather(*leftover, return_exceptions=True)

    async def _perform(self, scenario: Scenario) -> Transcript:
        if scenario.run_last:
            others = [future for name, future in self._started().items() if not scenarios()[name].run_last]
            await asyncio.gather(*map(asyncio.wrap_future, others), return_exceptions=True)
        if scenario.race:
            await self._run_races()
            return self._written(self._totals[scenario.id].transcript_with_counts())
        repetitions = scenario.repetitions(self._run_config.repeat)
        if repetitions == 1:
            return self._written(await self._run_once(scenario, 1, []))
        used: list[Arranger] = []
        for number in range(1, repetitions + 1):
            done_with, used = used, []
            await self._judge_and_keep(scenario, await self._run_once(scenario, number, used), wanted=repetitions)
            if self._client.is_unreachable:
                break  # more repetitions cannot change the verdict
            await self._clear(scenario.id, done_with)
        return self._written(self._totals[scenario.id].transcript_with_counts())

    async def _run_races(self) -> None:
        """Run all races of this process. The first caller starts them; the others wait for the same rounds."""
        if self._races is None or self._races.done():
            self._races = asyncio.create_task(self._rounds_of_races())
        await asyncio.shield(self._races)

    async def _rounds_of_races(self) -> None:
        """Repeat the races in rounds: each race once per round, one burst at a time, and nothing else in parallel.

        Judging would slow down a burst, so it happens between rounds. Races start only once all other scenarios are
        judged.
        """
        await self._rest_is_over()
        races = [each for each in map(scenarios().__getitem__, self._started()) if each.race]
        races = [each for each in races if each.id not in self._totals]
        self._oddities = find_undocumented_effects(await self._controls(races))
        policy = self._round_policy()
        for number in count(1):
            begun = time.monotonic()
            used: list[Arranger] = []
            transcripts = await asyncio.gather(*(self._run_once(each, number, used) for each in races))
            for scenario, transcript in zip(races, transcripts, strict=True):
                await self._judge_and_keep(scenario, transcript, wanted=max(number, self._run_config.repeat))
            if self._client.is_unreachable:
                return
            await asyncio.gather(*(self._clear(races[0].id, [arranger]) for arranger in used))
            if not policy.wants_another_round(time.monotonic() - begun, fastest=self._client.fastest):
                return
            races = [each for each in races if self._arrangers.reserve_for_repetition(each.id)]
            if not races:
                return

    async def _controls(self, races: Iterable[Scenario]) -> list[Transcript]:
        """Return transcripts without overlapping requests; a control that was not selected runs for the races alone."""
        found = []
        for control in scenarios().values():
            if control.controls_races and control.id in self._transcripts:
                with contextlib.suppress(CancelledError):
                    found.append(self._transcripts[control.id].result())
            elif control.controls_races and (
                not control.in_second_environment or any(race.in_second_environment for race in races)
            ):
                found.append(await self._run_once(control, 1, []))
        return found

    async def _rest_is_over(self) -> None:
        """Wait until all scenarios that are not races, of all processes, have run and are judged."""
        rest = [future for name, future in self._started().items() if scenarios()[name].before_races]
        await asyncio.gather(*map(asyncio.wrap_future, rest), return_exceptions=True)
        elsewhere = {line.scenario for line in self._lines} - self._started().keys()
        await wait_until_written(
            self._run_config.folder, (name for name in elsewhere if scenarios()[name].before_races)
        )
        await self._nothing_else_to_judge.wait()

    def _round_policy(self) -> RoundPolicy:
        run_config = self._run_config
        repeat = run_config.repeat if run_config.repeat > 1 else None
        return RoundPolicy(
            wanted=run_config.race_repeat or repeat,
            rest=time.monotonic() - self._begun,
            limited=bool(run_config.limits.writes_per_second),
        )

    async def _judge_and_keep(self, scenario: Scenario, transcript: Transcript, *, wanted: int) -> None:
        """Add a repetition, unless the run was cut short: then the written transcript stands.

        Judging happens outside the loop, so that other scenarios continue meanwhile.
        """
        lines = [line for line in self._lines if line.scenario == scenario.id]
        verdicts = await asyncio.to_thread(lambda: [judge_planned_check(line, transcript) for line in lines])
        with self._cutting:
            if self._cut is None:
                before = self._totals.get(scenario.id)
                self._totals[scenario.id] = add_repetition(
                    before, transcript, verdicts, wanted=wanted, race=scenario.race
                )

    async def _run_once(self, scenario: Scenario, number: int, used: list[Arranger]) -> Transcript:
        """Run a repetition of the scenario, counted from 1, in its turn; its arrangers are added to `used`."""
        async with self._quiet_turn() if scenario.in_second_environment else self._gate:
            stages = self._stages(scenario, number, used)
            return await execute_scenario(scenario, stages, run=self._run_config.run_id, seed=self._run_config.seed)

    async def _clear(self, scenario: str, used: Iterable[Arranger]) -> None:
        """Remove the objects of a repetition: thousands of sessions would take too long at the end of the run.

        Waits until the next repetition is over. A poll of this one may have received another scenario's item whose
        session had not sent its message yet.
        """
        items = [item for arranger in used for item in arranger.items_to_clean_up]
        await clean_up_scenario_items(Api(self._client, lambda _: None, age=_ORDER[scenario]), self._journal, items)

    @contextlib.asynccontextmanager
    async def _quiet_turn(self) -> AsyncIterator[None]:
        """Run one quiet scenario at a time; all of them share one place at the gate.

        They are the longest chain of a run, and would take longer if each of them queued at the gate.
        """
        self._quiet_ones += 1
        try:
            async with self._quiet:
                if not self._holds_place:
                    await self._gate.acquire()
                    self._holds_place = True
                yield
        finally:
            self._quiet_ones -= 1
            if self._holds_place and not self._quiet_ones:
                self._holds_place = False
                self._gate.release()

    def _written(self, transcript: Transcript) -> Transcript:
        try:
            write_transcript(self._run_config.folder, transcript)
        except OSError as error:
            return as_suite_error(transcript, error)
        return transcript

    def _stages(self, scenario: Scenario, number: int, used: list[Arranger]) -> ContextFactory:
        """Return a factory of contexts for a repetition, each with its own names; arrangers are added to `used`."""
        again = f"-r{number}" if number > 1 else ""
        client_identity = choose_client_identity(self._run_config.seed, _PLACES[scenario.id], number)

        def stage(attempt: int) -> ScenarioContext:
            stage = ScenarioContext(
                self._client,
                self._workspace,
                item_spec=scenario.item_spec,
                seed=self._run_config.seed,
                rng=random.Random(f"{self._run_config.seed}:{scenario.id}{again}:{attempt}"),  # noqa: S311 - to be repeated
                age=_ORDER[scenario.id] + len(_ORDER) * (number - 1),
                repetition=number,
                client_identity=client_identity,
                deliveries=None if scenario.in_second_environment else self._arrangers.deliveries,
                attempt=attempt,
            )
            if scenario.race:
                stage.facts[ODDITIES] = [each.to_json() for each in self._oddities]
            label = f"{scenario.id}{again}-{attempt}{self._run_config.suffix}"

            def arranger(api: Api) -> Arranger:
                used.append(self._arrangers.arranger(api, scenario.id, label, keyed=client_identity.neutral))
                return used[-1]

            return stage.with_arranger(arranger)

        return stage
