"""The stacks of threads: by default each reserves 8 MB of address space, which a limit on memory counts."""

from __future__ import annotations

import threading
from typing import Final

_BYTES: Final = 2 << 20
"""Four times the default of macOS."""


def use_small_stacks() -> None:
    """Give threads that start from now on a small stack. For the start of a process."""
    if threading.stack_size() == 0:
        threading.stack_size(_BYTES)
