"""Which items a run was given by poll, so that one which two conversations were given is noticed when it happens.

An item is a conversation's own only if nobody else was given it meanwhile. Where poll delivers an item twice, what
either conversation saw says nothing of the ack: both begin again, and from then on conversations take turns.
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
"""Seconds in which the response to a poll of another process has come, once what it did shows in a conversation."""


class DeliveredTwice(Exception):
    """Poll delivered an item that another conversation was given before; `step` names that poll."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step
        self.reason = Text(
            "poll delivered an item that it had delivered to another worker",
            "poll 投递了此前已投递给其他 worker 的 item",
        )


class Deliveries:
    """The deliveries of a run, through its journal; one of these in each process. `processes` is how many there are."""

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
        """Note that poll delivered an item; False where it had been delivered before."""
        return self._journal.deliver(item.environment_id, item.work_id)

    def delivered_repeatedly(self, item: Item) -> bool:
        """Whether poll delivered an item more than once."""
        return (item.environment_id, item.work_id) in self._journal.delivered_twice()

    async def was_disturbed(self, items: Sequence[Item], *, suspicious: bool) -> bool:
        """Whether an item of the conversation that has its turn was delivered to somebody else as well.

        With `suspicious`, polls that are under way are waited for: what they did may have shown before their responses.
        """
        if self.runs_alone:
            return False
        if suspicious:
            await self.wait_for_polls()
        return any(map(self.delivered_repeatedly, items))

    @property
    def runs_alone(self) -> bool:
        """Whether the conversation that has its turn is surely the only one of the run."""
        return self.alone and (self._processes == 1 or LOCKS)

    @contextlib.asynccontextmanager
    async def poll_section(self) -> AsyncIterator[None]:
        """Around a poll and the noting of what it delivered."""
        over = asyncio.Event()
        self._polls.add(over)
        try:
            yield
        finally:
            over.set()
            self._polls.discard(over)

    async def wait_for_polls(self) -> None:
        """Wait until every poll that may have been given an item up to now has said so."""
        await asyncio.gather(*(over.wait() for over in tuple(self._polls)))
        if self._processes > 1:
            await asyncio.sleep(_ON_ITS_WAY)

    @contextlib.asynccontextmanager
    async def attempt_section(self) -> AsyncIterator[None]:
        """Around an attempt at a conversation: together with others, or alone once poll delivered an item twice."""
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
