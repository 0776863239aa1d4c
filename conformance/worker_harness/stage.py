"""What a scenario for a worker can do: start worker processes, signal them, and wait for what they send."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable
from typing import Any, Final

from conformance.arrange.responses import NotSupported
from conformance.exchange import ARRANGED_BY, SCRIPT, UNKEPT_FACT, Exchange
from conformance.machine.watchdog import Watchdog
from conformance.text import Text
from conformance.worker_harness.command import Assignment, WorkerConfig, words_of
from conformance.worker_harness.environment import ScriptedItem
from conformance.worker_harness.recorder import Recorder
from conformance.worker_harness.script import Script
from conformance.worker_harness.scripted_ids import ScriptedIds
from conformance.worker_harness.scripted_server import ScriptedServer
from conformance.worker_harness.worker_process import WorkerProcess

START_SECONDS: Final = 20.0
"""Seconds that a worker has from its start to its first request."""

STARTING_SECONDS: Final = 3.0
"""Seconds of them for which it keeps others from starting."""

ATTACH_SECONDS: Final = 600.0
"""The same for a worker that is started by hand."""

GRACE: Final = 1.5
"""Seconds between SIGTERM and SIGKILL at the end of a scenario."""

_LAG_LOOK: Final = 0.05

Announce = Callable[[str, Assignment], None]
"""Tells the user to start a worker by hand, for the scenario of that name."""


class WorkerStage:
    """One run of a scenario: its server, its workers, and the facts that the checks need beside the exchanges."""

    def __init__(
        self,
        config: WorkerConfig,
        script: Script,
        *,
        ids: ScriptedIds,
        epoch: float,
        starting: asyncio.Semaphore,
        watchdog: Watchdog,
        announce: Announce | None = None,
    ) -> None:
        self.config = config
        self.script = script
        self.token = f"pt-{secrets.token_urlsafe(32)}"
        self.recorder = Recorder(self.token, epoch)
        self.server = ScriptedServer(script, self.recorder, self.token, config.lease, ids)
        self.job_seconds = script.job_leases * config.lease
        self._scenario = ids.scenario
        self._epoch = epoch
        self._starting = starting
        self._watchdog = watchdog
        self._announce = announce
        self._processes: dict[str, WorkerProcess] = {}
        self._known: dict[str, Any] = {}
        self._exit_codes: dict[str, int | None] = {}
        self._killed: set[str] = set()
        self._lag = 0.0

    @property
    def items(self) -> list[ScriptedItem]:
        """The server's items."""
        return self.server.environment.items

    @property
    def now(self) -> float:
        """The present time on the clock of the exchanges, in seconds."""
        return time.monotonic() - self._epoch

    @property
    def waiting(self) -> int:
        """How many running workers have not sent a request yet."""
        names = tuple(self._processes)
        return sum(not self.recorder.has_sent(name) and not self.has_ended(name) for name in names)

    @property
    def exchanges(self) -> list[Exchange]:
        """What was recorded so far, in the order of the answers."""
        return self.recorder.exchanges

    def sent(self, operation: str) -> list[Exchange]:
        """Return the recorded exchanges of an operation."""
        return [exchange for exchange in self.exchanges if exchange.operation == operation]

    async def start(self, name: str = "") -> bool:
        """Start a worker and wait for its first request; return whether one came.

        Few workers start at once: a start takes processor time, which running ones would miss.
        """
        base_url = await self.server.listen(name)
        assignment = Assignment(
            base_url=base_url,
            environment_id=self.server.environment.id,
            token=self.token,
            job_seconds=self.job_seconds,
        )
        if self.config.command is None:
            return await self._wait_for_user(name, assignment)
        async with self._starting:
            self._mark("started", name)
            words = words_of(self.config.command, assignment.placeholders)
            self._processes[name] = await asyncio.to_thread(WorkerProcess.start, words, assignment, self._watchdog)
            await self._first_request(name, STARTING_SECONDS)
        return await self._first_request(name, START_SECONDS - STARTING_SECONDS)

    async def _wait_for_user(self, name: str, assignment: Assignment) -> bool:
        if self._announce is not None:
            self._announce(self._scenario, assignment)
        self._mark("started", name)
        return await self._first_request(name, ATTACH_SECONDS)

    async def _first_request(self, name: str, seconds: float) -> bool:
        await self.recorder.wait_until(lambda: self.recorder.has_sent(name) or self.has_ended(name), seconds)
        return self.recorder.has_sent(name)

    def require_process(self) -> None:
        """Check that the suite started the worker, so that it can signal it.

        Raises:
            NotSupported: it was started by hand.
        """
        if self.config.command is None:
            raise NotSupported(
                Text("the worker was started by hand, so the suite cannot end it", "worker 由手动启动，套件无法结束它")
            )

    def has_ended(self, name: str = "") -> bool:
        """Return whether a worker's process has ended by itself; one that was started by hand never does."""
        process = self._processes.get(name)
        return process is not None and process.exit_code is not None

    def terminate(self, name: str = "") -> None:
        """Send SIGTERM to a worker."""
        self._mark("terminated", name)
        if name in self._processes:
            self._processes[name].terminate()

    def kill(self, name: str = "") -> None:
        """Kill a worker as a crash would."""
        self._mark("killed", name)
        if name in self._processes:
            if not self.has_ended(name):
                self._killed.add(name)
            self._processes[name].kill()

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition holds, every worker has ended, or the time is over. Return whether it holds."""
        await self.recorder.wait_until(lambda: condition() or self._all_ended(), seconds)
        return condition()

    async def watch(self, seconds: float) -> None:
        """Go on for so long: what must not come would come now."""
        if not self._all_ended():
            await self.recorder.wait_until(self._all_ended, seconds)

    async def end(self) -> None:
        """Stop all workers and close the server; after this, `facts` are complete."""
        self._mark("over", "")
        self._exit_codes = {
            name: None if name in self._killed else process.exit_code for name, process in self._processes.items()
        }
        await asyncio.gather(*(process.stop(GRACE) for process in self._processes.values()))
        await self.server.close()

    @property
    def facts(self) -> dict[str, Any]:
        """What the checks need beside the exchanges. Times are on the clock of the exchanges, in seconds."""
        return {
            **self._known,
            ARRANGED_BY: SCRIPT,
            "environment_id": self.server.environment.id,
            "items": {f"item {number}": item.id for number, item in enumerate(self.items, 1)},
            "sessions": {f"item {number}": item.session_id for number, item in enumerate(self.items, 1)},
            "lease_seconds": self.config.lease,
            "job_seconds": self.job_seconds,
            "real_leases": self.config.real_leases,
            "lag": round(self._lag, 3),
            UNKEPT_FACT: self.recorder.unkept,
            "workers": {name: self._told_of(name, process) for name, process in self._processes.items()},
        }

    async def measure_lag(self) -> None:
        """Record the longest time for which this process did not get the processor, until cancelled."""
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                before = time.monotonic()
                await asyncio.sleep(_LAG_LOOK)
                self._lag = max(self._lag, time.monotonic() - before - _LAG_LOOK)

    def _all_ended(self) -> bool:
        return bool(self._processes) and all(process.exit_code is not None for process in self._processes.values())

    def _mark(self, what: str, name: str) -> None:
        self._known[f"{name}.{what}" if name else what] = self.now

    def _told_of(self, name: str, process: WorkerProcess) -> dict[str, Any]:
        """Return what is known of a process. Its exit code is None if the suite killed it, or stopped it at the end."""
        return {
            "exit_code": self._exit_codes.get(name),
            "printed_token": process.printed_token,
            "last_lines": process.last_lines(self.recorder.redact),
        }
