"""A file lock that ends with its process, however the process ends."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path


class AlreadyLocked(Exception):
    """Another process holds the lock."""


class Lock:
    """A lock, acquired on creation. The file is removed on release."""

    def __init__(self, path: Path) -> None:
        """Acquire the lock.

        Raises:
            AlreadyLocked: this or another process holds it.
            OSError: the file cannot be created.
        """
        self._path = path
        self._descriptor: int | None = _locked(path)

    def release(self) -> None:
        """Release the lock; may be called more than once."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        with contextlib.suppress(OSError):
            if sys.platform == "win32":  # an open file cannot be removed there
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
        except FileNotFoundError:  # released and removed in between
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Lock the file, or do nothing on a file system without locks."""
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
