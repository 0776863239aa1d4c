"""Waiting for work: long polls sleep here until an item is queued in their environment."""

import asyncio
from contextlib import suppress


class WorkNotifier:
    """Wakes the waiting polls of an environment. To be used on one event loop."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def announce(self, environment_id: str) -> None:
        """Wakes every poll that waits in this environment; each then looks again for itself."""
        for waiting in self._waiting.get(environment_id, ()):
            waiting.set()

    async def wait(self, environment_id: str, seconds: float) -> None:
        """Returns when work may have arrived, after the given seconds at the latest."""
        arrived = asyncio.Event()
        waiting = self._waiting.setdefault(environment_id, set())
        waiting.add(arrived)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await arrived.wait()
        finally:
            waiting.discard(arrived)
            if not waiting:
                self._waiting.pop(environment_id, None)
