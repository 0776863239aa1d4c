"""Runs pytest inside a command: its arguments and its environment."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from conformance.cli.output_folder import make_folder
from conformance.machine.user_environment import SAFE_PATH_VARIABLE
from conformance.options import OPTIONS

_PYTEST_INI: Final = Path(__file__).parent.parent / "plugin" / "pytest.ini"

_NOT_NEEDED: Final = (
    *("terminal", "cacheprovider", "junitxml", "logging", "unraisableexception", "threadexception"),
    *("doctest", "unittest", "pastebin", "setuponly", "setupplan", "stepwise", "tmpdir"),
)
"""pytest's own plugins that do work for every item and that the suite does not need.

`tmpdir` makes xdist create a temporary folder per worker, for which some machines have no room.
"""


_COLLECTIONS: Final = (10_000, 5, 5)
"""Thresholds of the garbage collector, where Python's first one is 700. Higher ones are faster, but memory grows in
long runs."""


def arguments(values: Mapping[str, Any], lang: str, *, processes: int, extra: list[str]) -> list[str]:
    """Return pytest's arguments, which ignore the user's own pytest configuration."""
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


def allure_arguments(place: str | None) -> list[str]:
    """Return pytest's arguments for Allure results.

    The folder is created here, since pytest's error about it would be a traceback.

    Raises:
        CannotStart: the folder cannot be created.
    """
    if not place:
        return []
    folder = Path(place)
    make_folder("--alluredir", folder)
    return ["-p", "allure_pytest.plugin", f"--alluredir={folder.absolute()}"]


def run_pytest(arguments: list[str], plugin: object) -> int:
    import pytest

    with temporary_environment(
        PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
        PYTEST_ADDOPTS="",
        PYTEST_PLUGINS="",
        ALLURE_TESTPLAN_PATH="",  # otherwise allure-pytest skips everything that a foreign test plan does not list
        **_safe_path(),
    ):
        return int(pytest.main(arguments, plugins=[plugin]))


def _safe_path() -> dict[str, str]:
    """Return variables that keep workers from importing modules of the working directory.

    They are not passed on to the user's own programs.
    """
    return {} if "PYTHONSAFEPATH" in os.environ else {"PYTHONSAFEPATH": "1", SAFE_PATH_VARIABLE: "1"}


@contextlib.contextmanager
def temporary_environment(**variables: str | None) -> Iterator[None]:
    """Set environment variables for this process and its workers, unset those that are None, and restore them at exit."""
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
def reduce_garbage_collection() -> Iterator[None]:
    """Collect garbage less often: a run produces little of it, and each collection scans much that is kept."""
    before = gc.get_threshold()
    gc.set_threshold(*_COLLECTIONS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
