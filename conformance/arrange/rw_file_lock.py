"""A lock between the processes of a run: many share it, or one has it alone. It ends with the process that has it."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

try:
    import fcntl
except ImportError:  # no such locks on Windows: there the processes of a run take turns each by itself
    fcntl = None  # type: ignore[assignment]

LOCKS: Final = fcntl is not None
"""Whether processes of a run can wait for each other."""

_PAUSE: Final = 0.02
"""Seconds from one try to the next: waiting in the kernel would hold up every conversation of this process."""


@contextlib.asynccontextmanager
async def file_lock(path: Path, *, alone: bool) -> AsyncIterator[None]:
    """Have the lock of that file, alone or together with others that do not want it alone."""
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
