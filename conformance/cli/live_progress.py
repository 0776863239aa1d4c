"""Live progress on a terminal: a line per chapter, removed at the end of the run.

It shows only titles, words and numbers of the suite, never as markup.
"""

from __future__ import annotations

from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text as Styled

from conformance.cli.progress import ChapterProgress, Progress
from conformance.judging.verdict import VerdictKind
from conformance.text import Lang

_PER_SECOND: Final = 4
_BAR: Final = 24
_STYLES: Final[dict[VerdictKind, str]] = {
    "failed": "bold red",
    "suite-error": "bold magenta",
    "inconclusive": "yellow",
    "waived": "cyan",
    "warned": "yellow",
}


class LiveDisplay:
    """A display that is redrawn on standard error a few times a second."""

    def __init__(self, lang: Lang) -> None:
        self._lang = lang
        self._live: Live | None = None

    def begin(self, progress: Progress) -> None:
        """Show the plan before any verdict."""
        self._live = Live(
            get_renderable=lambda: self._drawn(progress),
            console=Console(stderr=True, markup=False, highlight=False, emoji=False),
            refresh_per_second=_PER_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start(refresh=True)

    def update_chapter(self, chapter: ChapterProgress) -> None:
        """Do nothing: the next redraw shows the chapter."""

    def end(self) -> None:
        """Remove the display and restore the cursor."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _drawn(self, progress: Progress) -> RenderableType:
        """Return the drawing, summary first: it stays visible on a screen too low for all chapters."""
        table = Table.grid(padding=(0, 2))
        for chapter in progress.chapters.values():
            table.add_row(
                Styled(chapter.title.in_(self._lang)),
                ProgressBar(total=chapter.planned, completed=chapter.judged_checks, width=_BAR),
                Styled(f"{chapter.judged_checks}/{chapter.planned}", justify="right"),
                Styled("  ").join(
                    Styled(words.in_(self._lang), _STYLES[kind]) for kind, words in chapter.verdict_counts()
                ),
            )
        return Group(Styled(progress.summary().in_(self._lang), "bold"), table)
