"""A lock that ends with its process, however that ends: a file that the system locks."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path


class AlreadyLocked(Exception):
    """Another process has it."""


class Lock:
    """Held from the beginning; the file is gone once it is released."""

    def __init__(self, path: Path) -> None:
        """Take it.

        Raises:
            Locked: somebody has it, in this process or another.
            OSError: the file cannot be made.
        """
        self._path = path
        self._descriptor: int | None = _locked(path)

    def release(self) -> None:
        """Let others have it; may be called more than once."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        with contextlib.suppress(OSError):
            if sys.platform == "win32":  # where an open file cannot be removed
                os.close(descriptor)
                self._path.unlink()
            else:
                self._path.unlink()
                os.close(descriptor)


def _locked(path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(descriptor)
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except FileNotFoundError:  # released and removed in between, as when it is another file by now
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Lock it, or do without on a file system that knows no locks."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            raise AlreadyLocked from None
        return
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise AlreadyLocked from None
    except OSError:
        return
