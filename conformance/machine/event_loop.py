"""Event loops that a signal cannot leave half made.

An interruption is a KeyboardInterrupt at any line of the main thread. In the constructor of an event loop, it leaves an
object whose finalizer fails, and Python prints a traceback for that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from conformance.machine.signals import signals_deferred

T = TypeVar("T")


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a new event loop.

    Raises:
        KeyboardInterrupt: a signal arrived while it was made; it is closed then.
    """
    made: list[asyncio.AbstractEventLoop] = []
    try:
        with signals_deferred():
            made.append(asyncio.new_event_loop())
    except KeyboardInterrupt:
        for loop in made:
            loop.close()
        raise
    return made[0]


def run_coroutine(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end as `asyncio.run` does, on a loop from `new_event_loop`."""
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            return runner.run(main)
    finally:
        main.close()  # never started if the loop could not be made
