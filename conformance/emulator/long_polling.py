"""Long polling: polls wait here until an item is queued in their environment."""

import asyncio
from contextlib import suppress


class WorkNotifier:
    """Wakes the waiting polls of an environment. Use it on a single event loop."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def announce(self, environment_id: str) -> None:
        """Wake every poll that waits in this environment. Each then checks the queue again."""
        for waiting in self._waiting.get(environment_id, ()):
            waiting.set()

    async def wait(self, environment_id: str, seconds: float) -> None:
        """Return when work may have arrived, or after the given number of seconds."""
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
