"""pytest as the engine inside a command: its command line, its environment, and how it is stopped."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import click

from conformance.cli.folders import make_folder
from conformance.options import OPTIONS

_PYTEST_INI: Final = Path(__file__).parent.parent / "plugin" / "pytest.ini"

_NOT_NEEDED: Final = (
    *("terminal", "cacheprovider", "junitxml", "logging", "unraisableexception", "threadexception"),
    *("doctest", "unittest", "pastebin", "setuponly", "setupplan", "stepwise"),
)
"""Plugins of pytest's own that have something to do at every item and nothing to say about ours."""


_COLLECTIONS: Final = (10_000, 5, 5)
"""Objects more than before, after which Python looks for garbage in cycles, where its own number is 700; and how many
such looks at the young make one at the older. More would be quicker, and let a long run grow."""


def arguments(values: Mapping[str, Any], lang: str, *, processes: int, extra: list[str]) -> list[str]:
    """pytest's command line: everything of the user's own pytest configuration is left out."""
    line = ["--pyargs", "conformance", "-c", str(_PYTEST_INI), "--rootdir", str(_PYTEST_INI.parent)]
    for plugin in ("conformance.plugin", *(f"no:{name}" for name in _NOT_NEEDED)):
        line += ["-p", plugin]
    line += ["--noconftest", "--assert=plain", "--capture=no", *extra]
    if processes:
        line += ["-p", "xdist.plugin", "-n", str(processes)]
    if values["expression"]:
        line += ["-k", values["expression"]]
    for option in OPTIONS:
        given = lang if option.key == "lang" else values.get(option.key)
        if option.kind == "flag":
            line += [option.pytest_option] if given else []
        elif option.multiple:
            line += [f"{option.pytest_option}={value}" for value in given or ()]
        elif given is not None:
            line.append(f"{option.pytest_option}={given}")
    return line


def allure(place: str | None) -> list[str]:
    """What pytest needs to write for Allure; its own complaint about a folder would be a traceback.

    Raises:
        CannotStart: the folder cannot be made.
    """
    if not place:
        return []
    folder = Path(place)
    make_folder("--alluredir", folder)
    return ["-p", "allure_pytest.plugin", f"--alluredir={folder.absolute()}"]


def run_pytest(arguments: list[str], plugin: object) -> int:
    import pytest

    with environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTEST_ADDOPTS="", PYTEST_PLUGINS=""):
        return int(pytest.main(arguments, plugins=[plugin]))


@contextlib.contextmanager
def environment(**variables: str | None) -> Iterator[None]:
    """Set variables for this process and the workers it starts, unset those without a value, and put back what was there."""
    before = {name: os.environ.get(name) for name in variables}
    _set(variables)
    try:
        yield
    finally:
        _set(before)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextlib.contextmanager
def rare_collections() -> Iterator[None]:
    """Look for garbage in cycles more rarely: a run makes little, and each look goes through much that it keeps."""
    before = gc.get_threshold()
    gc.set_threshold(*_COLLECTIONS)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class crash_as_suite_error:  # noqa: N801 - read as what it does
    """A crash ends with the suite's own code after its traceback: Python's code for it is that of a failed MUST."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from conformance.judging.gate import EXIT_SUITE_ERROR

        if isinstance(error, Exception) and not isinstance(error, click.ClickException):
            traceback.print_exception(error)
            raise SystemExit(EXIT_SUITE_ERROR) from None


@contextlib.contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """A termination ends a run as Ctrl-C does: verdicts written, target cleaned up."""

    def interrupt(signum: int, frame: object) -> None:
        del signum, frame
        signal.raise_signal(signal.SIGINT)  # which an event loop takes in order, and nothing else

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
