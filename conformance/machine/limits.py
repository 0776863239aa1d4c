"""The machine's limits for this process."""

from __future__ import annotations

from typing import Final

_KEPT_BACK: Final = 40
"""File descriptors for everything else: streams, modules, files, the event loops."""

_FOR_EACH: Final = 6
"""File descriptors per scenario: its connections, and the emulator's ends of them."""


MIN_OPEN_FILES: Final = 24
"""File descriptors without which nothing can be judged."""


def max_open_files() -> int | None:
    """Return how many files may be open at once; None without a limit."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if allowed == resource.RLIM_INFINITY else allowed


def max_concurrency(files: int | None) -> int | None:
    """Return how many scenarios can run with that many open files."""
    return None if files is None else max(1, (files - _KEPT_BACK) // _FOR_EACH)
