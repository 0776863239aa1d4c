"""Signals that end a process, each handled like Ctrl-C: verdicts are written and the target is cleaned up."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from typing import Final, NoReturn

_ENDS: Final = ("SIGTERM", "SIGHUP", "SIGBREAK")
_UNTOUCHED: Final = frozenset({"SIGHUP"})
"""A signal that the caller ignored (`nohup`) stays ignored."""


@contextlib.contextmanager
def termination_as_interrupt() -> Iterator[None]:
    """Turn every signal that ends a process into KeyboardInterrupt, including Ctrl-C.

    A shell without job control starts background processes with SIGINT ignored. Neither Ctrl-C nor the other signals
    would interrupt the process then.
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
    global _latest
    del signum, frame
    now = time.monotonic()
    if now - _latest > _SAME:
        _latest = now
        signal.raise_signal(signal.SIGINT)  # the only signal that an event loop handles cleanly


_SAME: Final = 1.0
"""Seconds within which signals count as one request to end: supervisors send SIGTERM and SIGHUP at once."""

_latest = float("-inf")


@contextlib.contextmanager
def signals_deferred() -> Iterator[None]:
    """Let the signals that end a process take effect after this block, for work that must not be left half done."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python runs handlers in the main thread only
        return
    arrived: list[int] = []
    before = {number: handler for number in _all() if callable(handler := signal.getsignal(number))}
    for number in before:
        signal.signal(number, lambda signum, _: arrived.append(signum))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for signum in arrived:
            signal.raise_signal(signum)


def ignore_unstarted_connections() -> None:
    """Silence Python's warning about connections that an interruption cancels before their first step.

    anyio makes a coroutine for each; nobody can await it then. For the start of a process: what pytest surrounds with
    filters of its own forgets later ones.
    """
    warnings.filterwarnings("ignore", r"coroutine 'connect_tcp\b.* was never awaited", RuntimeWarning)


def interrupt_once() -> None:
    """Let the first of these signals interrupt this process, and ignore all later ones.

    For a worker: a signal to its process group reaches it directly, and once more through its controller.
    """
    if threading.current_thread() is threading.main_thread():
        for number in _all():
            signal.signal(number, _interrupt_for_good)


def _interrupt_for_good(signum: int, frame: object) -> NoReturn:
    del signum, frame
    for number in _all():
        signal.signal(number, _pass_over)
    raise KeyboardInterrupt


def _pass_over(signum: int, frame: object) -> None:
    """Do nothing. With SIG_IGN, Python would complain about a signal that is already pending."""


def _all() -> list[signal.Signals]:
    return [signal.SIGINT, *(getattr(signal, name) for name in _ENDS if hasattr(signal, name))]
