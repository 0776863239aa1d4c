"""pytest as the engine inside a command: its command line and its environment."""

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
"""Plugins of pytest's own that have something to do at every item and nothing to say about ours.

`tmpdir` has xdist make a temporary folder for each worker, which not every machine has room for.
"""


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


def allure_arguments(place: str | None) -> list[str]:
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

    with environment(
        PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
        PYTEST_ADDOPTS="",
        PYTEST_PLUGINS="",
        ALLURE_TESTPLAN_PATH="",  # or allure-pytest would leave out whatever some plan of somebody's does not name
        **_safe_path(),
    ):
        return int(pytest.main(arguments, plugins=[plugin]))


def _safe_path() -> dict[str, str]:
    """What keeps workers from taking modules from the working directory; programs of the user's are not told."""
    return {} if "PYTHONSAFEPATH" in os.environ else {"PYTHONSAFEPATH": "1", SAFE_PATH_VARIABLE: "1"}


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
def reduce_garbage_collection() -> Iterator[None]:
    """Look for garbage in cycles more rarely: a run makes little, and each look goes through much that it keeps."""
    before = gc.get_threshold()
    gc.set_threshold(*_COLLECTIONS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
