"""A lock between the processes of a run, shared or exclusive. It ends with the process that holds it."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

try:
    import fcntl
except ImportError:  # Windows has no such locks: there, processes of a run do not wait for each other
    fcntl = None  # type: ignore[assignment]

LOCKS: Final = fcntl is not None
"""Whether processes of a run can wait for each other."""

_PAUSE: Final = 0.02
"""Seconds between two tries: waiting in the kernel would block all scenarios of this process."""


@contextlib.asynccontextmanager
async def file_lock(path: Path, *, alone: bool) -> AsyncIterator[None]:
    """Hold the lock of that file, exclusively (`alone`) or shared."""
    if fcntl is None:
        yield
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
                break
            await asyncio.sleep(_PAUSE)
        yield
    finally:
        os.close(descriptor)
