"""Which versions of the suite and of the requirement set exist, as far as the installed version knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal

import conformance
from conformance.contract.catalogue import FIRST_VERSION, load_catalogue, version_numbers
from conformance.text import Text

RELEASES: Final = ("0.1.0",)
"""Every version of the package so far."""

_NUMBERS: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})*")
"""The part of a version that is compared: a version in development has more behind it."""

_SHOWN: Final = 40
Existence = Literal["exists", "never", "newer"]

_SUITE: Final = Text("Version {version} of work-conformance does not exist.", "不存在 work-conformance {version} 版。")
_CATALOGUE: Final = Text("The requirement set {version} does not exist.", "不存在要求集版本 {version}。")
_NEWER: Final = Text("{what} {version} is newer than the installed version.", "{what} {version} 晚于当前安装的版本。")
_SUITE_NAME: Final = Text("Version", "版本")
_CATALOGUE_NAME: Final = Text("The requirement set", "要求集版本")


def invented(suite: str, catalogue: str) -> Iterator[Text]:
    """Yield which of these versions never existed."""
    if _suite(suite) == "never":
        yield _SUITE.format(version=suite[:_SHOWN])
    if _catalogue(catalogue) == "never":
        yield _CATALOGUE.format(version=catalogue[:_SHOWN])


def newer(suite: str, catalogue: str) -> Iterator[Text]:
    """Yield which of these versions are newer than the installed one, which cannot know whether they exist."""
    if _suite(suite) == "newer":
        yield _NEWER.format(what=_SUITE_NAME, version=suite)
    if _catalogue(catalogue) == "newer":
        yield _NEWER.format(what=_CATALOGUE_NAME, version=catalogue)


def _suite(version: str) -> Existence:
    return _existence(version, {*RELEASES, conformance.__version__}, conformance.__version__)


def _catalogue(version: str) -> Existence:
    catalogue = load_catalogue()
    known = {FIRST_VERSION, catalogue.version, *(rule.since for rule in catalogue.requirements.values())}
    return _existence(version, known, catalogue.version)


def _existence(version: str, known: set[str], installed: str) -> Existence:
    if version in known:
        return "exists"
    theirs, ours = _NUMBERS.match(version), _NUMBERS.match(installed)
    if theirs is None or ours is None:
        return "never"
    return "newer" if version_numbers(theirs[0]) > version_numbers(ours[0]) else "never"
