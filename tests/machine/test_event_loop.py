"""A signal at any moment leaves no half-made event loop and is never lost."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Iterator

import pytest

from conformance.machine import signals
from conformance.machine.event_loop import new_event_loop, run_coroutine
from conformance.machine.signals import signals_deferred, termination_as_interrupt

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture
def signal_in_constructor(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> list[asyncio.AbstractEventLoop]:
    """Every new loop gets the signal of the test while its constructor runs. Returns the loops that were finished."""
    loops: list[asyncio.AbstractEventLoop] = []
    original = asyncio.BaseEventLoop.__init__

    def interrupted(self: asyncio.BaseEventLoop) -> None:
        signal.raise_signal(request.getfixturevalue("number"))
        original(self)
        loops.append(self)

    monkeypatch.setattr(asyncio.BaseEventLoop, "__init__", interrupted)
    return loops


@pytest.fixture(autouse=True)
def no_earlier_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signals that arrive close together count as one; those of the test before this one do not."""
    monkeypatch.setattr(signals, "_latest", float("-inf"))


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """A test runner that was started in the background may ignore SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def unraisable(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What finalizers raised: Python prints a traceback for each."""
    seen: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda raised: seen.append(raised.exc_value))
    return seen


@pytest.mark.parametrize("number", SIGNALS, ids=str)
def test_a_signal_in_the_constructor_interrupts_after_it(
    number: signal.Signals, signal_in_constructor: list[asyncio.AbstractEventLoop], unraisable: list[object]
) -> None:
    with termination_as_interrupt(), pytest.raises(KeyboardInterrupt):
        new_event_loop()
    gc.collect()
    assert [loop.is_closed() for loop in signal_in_constructor] == [True]
    assert unraisable == []


@pytest.mark.parametrize("number", [signal.SIGINT], ids=str)
def test_without_the_deferral_the_finalizer_fails(
    number: signal.Signals, signal_in_constructor: list[asyncio.AbstractEventLoop], unraisable: list[object]
) -> None:
    with pytest.raises(KeyboardInterrupt):
        asyncio.new_event_loop()
    gc.collect()
    assert unraisable != []


@pytest.mark.parametrize("number", SIGNALS, ids=str)
def test_a_coroutine_that_never_started_is_closed(
    number: signal.Signals, signal_in_constructor: list[asyncio.AbstractEventLoop], recwarn: pytest.WarningsRecorder
) -> None:
    async def main() -> None:
        raise AssertionError("it started")

    with termination_as_interrupt(), pytest.raises(KeyboardInterrupt):
        run_coroutine(main())
    gc.collect()
    assert [str(warning.message) for warning in recwarn] == []


def test_a_coroutine_is_run() -> None:
    async def main() -> str:
        await asyncio.sleep(0)
        return "result"

    assert run_coroutine(main()) == "result"


def test_handlers_are_the_same_after_a_deferral() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with signals_deferred():
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert [signal.getsignal(number) for number in SIGNALS] == before
