"""How a report is shown on one terminal: language, width, amount of detail, and the files that it names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from conformance.reporting.escaping import escape_line
from conformance.reporting.styled_text import StyledLine, Tone
from conformance.reporting.wrapping import DEFAULT_COLUMNS, wrap
from conformance.text import Lang, Text

LONGEST_VALUE = 400
"""How many characters of a text from the target are shown; report.json has all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalView:
    """The settings of one report.

    `report` is the path of the main report, or None if it could not be written. `verbose` shows every request and
    response, and every list in full.
    """

    lang: Lang
    columns: int = DEFAULT_COLUMNS
    verbose: bool = False
    report: str | None = None

    @property
    def folder(self) -> str | None:
        """The run's folder, or None if no report could be written."""
        return None if self.report is None else str(PurePath(self.report).parent)

    def in_folder(self, name: str) -> str:
        """Return the path of a file in the run's folder, or its bare name if the folder is unknown."""
        return name if self.folder is None else str(PurePath(self.folder) / name)

    def say(
        self, words: Text, *, indent: str = "", hanging: str = "  ", foreign: bool = True, after: str | None = None
    ) -> list[str]:
        """Return a sentence as lines wrapped at spaces, or only `after` a separator.

        `foreign`: it may contain text from the target.
        """
        text = escape_line(words.in_(self.lang), None if not foreign else LONGEST_VALUE)
        return wrap(text, self.columns, indent=indent, hanging=hanging, foreign=foreign, after=after)

    def tell(self, words: Text, *, indent: str = "", hanging: str = "  ") -> list[str]:
        """Return a sentence of the suite, without text from the target, as wrapped lines."""
        return self.say(words, indent=indent, hanging=hanging, foreign=False)

    def entry(self, words: Text) -> list[str]:
        """Return one entry of a list, which may contain text from the target."""
        return self.say(words, indent="- ")

    def labelled(self, label: Text, value: Text | str, *, foreign: bool = False, after: str | None = None) -> list[str]:
        """Return a label and its value as wrapped, indented lines."""
        words = Text("{label}: {value}", "{label}：{value}").format(label=label, value=value)
        return self.say(words, indent="  ", hanging="    ", foreign=foreign, after=after)

    def command(self, label: Text, command: str) -> str:
        """Return a label and a command in one line, however long: half a command does nothing."""
        words = Text("  {label}: {command}", "  {label}：{command}").format(label=label, command=command)
        return escape_line(words.in_(self.lang))

    def styled(self, words: Text, tone: Tone, *, foreign: bool = True) -> list[str]:
        """Return a sentence as wrapped lines in a colour."""
        return [StyledLine(line, tone) for line in self.say(words, hanging="  ", foreign=foreign)]

    def heading(self, title: Text, quantity: Text) -> list[str]:
        """Return an empty line and a heading with the number of entries below it."""
        words = Text("{title} ({quantity})", "{title}（{quantity}）").format(title=title, quantity=quantity)
        return ["", *self.styled(words, "heading", foreign=False)]
