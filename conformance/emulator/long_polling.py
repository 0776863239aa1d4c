"""Long polling and streams: they wait here for work in their environment, or for events of their session."""

import asyncio
from contextlib import suppress


class Notifier:
    """Wakes those who wait for news of an environment or a session. Use it on a single event loop."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def announce(self, resource_id: str) -> None:
        """Wake all who wait for this resource. Each then looks again."""
        for waiting in self._waiting.get(resource_id, ()):
            waiting.set()

    async def wait(self, resource_id: str, seconds: float) -> bool:
        """Return True when there may be news, or False after the given number of seconds."""
        arrived = asyncio.Event()
        waiting = self._waiting.setdefault(resource_id, set())
        waiting.add(arrived)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await arrived.wait()
            return arrived.is_set()
        finally:
            waiting.discard(arrived)
            if not waiting:
                self._waiting.pop(resource_id, None)
