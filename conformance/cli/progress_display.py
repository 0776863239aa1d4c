"""Shows the progress of a run: not at all, as lines, or as a redrawn screen (`live_progress`)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import Protocol, TextIO

import click

from conformance.cli.progress import ChapterProgress, Progress
from conformance.text import Lang, Text, join


class Display(Protocol):
    """Shows the progress of a run, from its plan to its end."""

    def begin(self, progress: Progress) -> None:
        """Start with a finished plan."""

    def update_chapter(self, chapter: ChapterProgress) -> None:
        """Show a new verdict in this chapter."""

    def end(self) -> None:
        """Stop; may be called at any time and more than once."""


class NoDisplay:
    """Shows no progress."""

    def begin(self, progress: Progress) -> None:
        """Do nothing."""

    def update_chapter(self, chapter: ChapterProgress) -> None:
        """Do nothing."""

    def end(self) -> None:
        """Do nothing."""


class LineDisplay:
    """Prints a line on standard error for each finished chapter."""

    def __init__(self, lang: Lang) -> None:
        self._lang = lang
        self._progress = Progress(())

    def begin(self, progress: Progress) -> None:
        """Keep the progress, whose summary ends each line."""
        self._progress = progress

    def update_chapter(self, chapter: ChapterProgress) -> None:
        """Print the chapter if it is finished."""
        if chapter.judged_checks == chapter.planned:
            notable = [words for _, words in chapter.verdict_counts()] or [Text("done", "已完成")]
            line = Text("{chapter}: {notable} ({summary})", "{chapter}：{notable}（{summary}）").format(
                chapter=chapter.title,
                notable=join(Text(", ", "，"), notable),
                summary=self._progress.summary(),
            )
            click.echo(line.in_(self._lang), err=True)

    def end(self) -> None:
        """Do nothing: all lines are printed already."""


def is_interactive(
    *, quiet: bool, environ: Mapping[str, str] = os.environ, streams: Iterable[TextIO] | None = None
) -> bool:
    """Return whether output goes to an interactive terminal that supports redrawing and colours."""
    watched = (sys.stdout, sys.stderr) if streams is None else streams
    if quiet or environ.get("NO_COLOR") or environ.get("CI") or environ.get("TERM") == "dumb":
        return False
    return all(stream.isatty() for stream in watched)


def display(lang: Lang, *, is_interactive: bool, verbose: bool) -> Display:
    """Return the display for this call; `rich` is imported only when needed."""
    if is_interactive:
        from conformance.cli.live_progress import LiveDisplay

        return LiveDisplay(lang)
    return LineDisplay(lang) if verbose else NoDisplay()
