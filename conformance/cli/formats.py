"""Output formats of commands: text, Markdown, JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import click

from conformance.text import Lang

Lines: TypeAlias = Callable[[Lang], Iterable[str]]


def print_output(form: str, lang: Lang, *, data: Callable[[], Any], markdown: Lines, text: Lines) -> None:
    """Print output in the format `form`. `data` has plain JSON types in both languages; lines are in `lang`."""
    if form == "json":
        click.echo(json.dumps(data(), indent=1, ensure_ascii=False, allow_nan=False))
        return
    for line in (markdown if form == "md" else text)(lang):
        click.echo(line)
