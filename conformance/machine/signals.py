"""Signals that ask for an end, each taken as Ctrl-C is: verdicts are written and the target is cleaned up."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Final

_ENDS: Final = ("SIGTERM", "SIGHUP", "SIGBREAK")
_UNTOUCHED: Final = frozenset({"SIGHUP"})
"""Where the caller chose to ignore one of these (`nohup`), it stays ignored."""


@contextlib.contextmanager
def ends_as_interrupts() -> Iterator[None]:
    """Turn every signal that ends a process into KeyboardInterrupt, Ctrl-C included.

    A shell without job control starts what runs in the background with SIGINT ignored: then neither Ctrl-C nor what is
    turned into it would come through.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {signal.SIGINT: signal.getsignal(signal.SIGINT)}
    if before[signal.SIGINT] is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in _ENDS:
        number = getattr(signal, name, None)
        if number is None or (name in _UNTOUCHED and signal.getsignal(number) is signal.SIG_IGN):
            continue
        before[number] = signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(signum: int, frame: object) -> None:
    del signum, frame
    signal.raise_signal(signal.SIGINT)  # which an event loop takes in order, and nothing else
