"""A violation in one short line, the place first, as validators print it."""

from __future__ import annotations

from typing import Final

from conformance.judging.verdict import Failure
from conformance.text import Text

_LONGEST: Final = 160
"""How many characters of a found or an expected value are shown."""
_NO_FIELD: Final = "missing required field"
_AT: Final = Text("{place}: expected {expected}, got {actual}", "{place}：预期：{expected}；实际：{actual}")
_WHOLE: Final = Text("expected {expected}, got {actual}", "预期：{expected}；实际：{actual}")


def short_violation(failure: Failure) -> Text:
    """Return `/state: expected "starting", got "active"`, or `missing required field /error`.

    It contains text from the target, which the caller escapes.
    """
    place = failure.pointer[:_LONGEST]
    if failure.diagram or failure.actual.en.startswith(_NO_FIELD):
        return _shortened(failure.actual)
    words = _AT if failure.pointer else _WHOLE
    return words.format(place=place, expected=_shortened(failure.expected), actual=_shortened(failure.actual))


def _shortened(text: Text) -> Text:
    return Text(*(words if len(words) <= _LONGEST else words[:_LONGEST] + "…" for words in (text.en, text.zh)))
