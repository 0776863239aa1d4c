"""Prints lines, and finds out how wide they may be."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from typing import Final

import click

from conformance.reporting.wrapping import DEFAULT_COLUMNS

_NARROWEST: Final = 40
_WIDEST: Final = 120
"""Longer lines are hard to read."""


def columns() -> int:
    """Return the width of the terminal; lines for a file or a pipe have a fixed width."""
    if not sys.stdout.isatty():
        return DEFAULT_COLUMNS
    return max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size((DEFAULT_COLUMNS, 24)).columns))


def echo_lines(texts: Iterable[str]) -> None:
    """Print each text on a line of its own."""
    for text in texts:
        click.echo(text)
