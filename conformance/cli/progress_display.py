"""How the progress of a run is shown: not at all, in lines, or (`live_progress`) on a screen that is redrawn."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import Protocol, TextIO

import click

from conformance.cli.progress import ChapterProgress, Progress
from conformance.text import Lang, Text, join


class Display(Protocol):
    """Tells the progress of a run, from its plan to its end."""

    def begin(self, progress: Progress) -> None:
        """The plan stands."""

    def update_chapter(self, chapter: ChapterProgress) -> None:
        """A check of this chapter has its verdict."""

    def end(self) -> None:
        """Nothing more will come; may be called at any time and more than once."""


class NoDisplay:
    """Tells nothing until the end."""

    def begin(self, progress: Progress) -> None:
        """Nothing."""

    def update_chapter(self, chapter: ChapterProgress) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""


class LineDisplay:
    """A line on standard error for each chapter that is done."""

    def __init__(self, lang: Lang) -> None:
        self._lang = lang
        self._progress = Progress(())

    def begin(self, progress: Progress) -> None:
        """Remember whose summary stands at the end of each line."""
        self._progress = progress

    def update_chapter(self, chapter: ChapterProgress) -> None:
        """Tell a chapter that is done."""
        if chapter.done == chapter.planned:
            notable = [words for _, words in chapter.notable()] or [Text("done", "已完成")]
            told = Text("{chapter}: {notable} ({summary})", "{chapter}：{notable}（{summary}）").format(
                chapter=chapter.title,
                notable=join(Text(", ", "，"), notable),
                summary=self._progress.summary(),
            )
            click.echo(told.in_(self._lang), err=True)

    def end(self) -> None:
        """Every line is out already."""


def is_interactive(
    *, quiet: bool, environ: Mapping[str, str] = os.environ, streams: Iterable[TextIO] | None = None
) -> bool:
    """Whether a person sits before a terminal that may move and be coloured."""
    watched = (sys.stdout, sys.stderr) if streams is None else streams
    if quiet or environ.get("NO_COLOR") or environ.get("CI") or environ.get("TERM") == "dumb":
        return False
    return all(stream.isatty() for stream in watched)


def display(lang: Lang, *, is_interactive: bool, verbose: bool) -> Display:
    """The way in which this call tells its progress; `rich` is only loaded where it is needed."""
    if is_interactive:
        from conformance.cli.live_progress import LiveDisplay

        return LiveDisplay(lang)
    return LineDisplay(lang) if verbose else NoDisplay()
