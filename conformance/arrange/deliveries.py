"""Tracks which items poll delivered to a run, to detect at once that one item was delivered to two scenarios.

An item belongs to a scenario only if no other worker received it meanwhile. If poll delivers an item twice, neither
scenario says anything about the ack: both start again, and from then on scenarios run one at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Final

from conformance.arrange.rw_file_lock import LOCKS, file_lock
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.arrange.item_spec import Item
    from conformance.arrange.journal import Journal

_ON_ITS_WAY: Final = 0.25
"""Seconds after which another process has received the response to a poll whose effect shows in a scenario."""


class DeliveredTwice(Exception):
    """Poll delivered an item that was already delivered to another scenario; `step` names that poll."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step
        self.reason = Text(
            "poll delivered an item that it had already delivered to another worker",
            "poll 投递了先前已投递给其他 worker 的 item",
        )


class Deliveries:
    """The deliveries of a run, shared through its journal; one instance per process, of which there are `processes`."""

    def __init__(self, journal: Journal, *, processes: int = 1) -> None:
        self._journal = journal
        self._processes = processes
        self._lock = journal.path
        self._polls: set[asyncio.Event] = set()
        self._together = 0
        self._nobody = asyncio.Condition()
        self._turns = asyncio.Lock()
        self.alone = False

    def record_delivery(self, item: Item) -> bool:
        """Record that poll delivered an item. Return False if it had been delivered before."""
        return self._journal.record_delivery(item.environment_id, item.work_id)

    def delivered_repeatedly(self, item: Item) -> bool:
        """Return whether poll delivered an item more than once."""
        return (item.environment_id, item.work_id) in self._journal.delivered_twice()

    async def was_disturbed(self, items: Sequence[Item], *, suspicious: bool) -> bool:
        """Return whether an item of the running scenario was also delivered elsewhere.

        With `suspicious`, wait for polls that are in flight: their effects may show before their responses arrive.
        """
        if self.is_only_scenario:
            return False
        if suspicious:
            await self.wait_for_polls()
        return any(map(self.delivered_repeatedly, items))

    @property
    def is_only_scenario(self) -> bool:
        """Whether the current scenario is certainly the only one that runs."""
        return self.alone and (self._processes == 1 or LOCKS)

    @contextlib.asynccontextmanager
    async def poll_section(self) -> AsyncIterator[None]:
        """Enclose a poll and the recording of what it delivered."""
        over = asyncio.Event()
        self._polls.add(over)
        try:
            yield
        finally:
            over.set()
            self._polls.discard(over)

    async def wait_for_polls(self) -> None:
        """Wait until every poll that may have received an item so far has recorded it."""
        await asyncio.gather(*(over.wait() for over in tuple(self._polls)))
        if self._processes > 1:
            await asyncio.sleep(_ON_ITS_WAY)

    @contextlib.asynccontextmanager
    async def attempt_section(self) -> AsyncIterator[None]:
        """Enclose an attempt at a scenario: beside others, or alone once poll has delivered an item twice."""
        if not self._journal.delivered_twice():
            async with self._with_others():
                yield
            return
        async with self._turns:
            async with self._nobody:
                await self._nobody.wait_for(lambda: not self._together)
            async with self._file(alone=True):
                self.alone = True
                try:
                    yield
                finally:
                    self.alone = False

    @contextlib.asynccontextmanager
    async def _with_others(self) -> AsyncIterator[None]:
        self._together += 1
        try:
            async with self._file(alone=False):
                yield
        finally:
            self._together -= 1
            async with self._nobody:
                self._nobody.notify_all()

    def _file(self, *, alone: bool) -> contextlib.AbstractAsyncContextManager[None]:
        return file_lock(self._lock, alone=alone) if self._processes > 1 else contextlib.nullcontext()
