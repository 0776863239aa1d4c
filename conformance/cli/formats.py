"""The forms in which a command tells something: as text, as Markdown, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import click

from conformance.text import Lang

Lines: TypeAlias = Callable[[Lang], Iterable[str]]


def print_output(form: str, lang: Lang, *, data: Callable[[], Any], markdown: Lines, text: Lines) -> None:
    """Print it in the form asked for. `data`, plain JSON types, holds both languages; the lines are in `lang`."""
    if form == "json":
        click.echo(json.dumps(data(), indent=1, ensure_ascii=False, allow_nan=False))
        return
    for line in (markdown if form == "md" else text)(lang):
        click.echo(line)
