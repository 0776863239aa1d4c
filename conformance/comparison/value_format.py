"""Compares how ids and times are formatted, never their values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

Aspect = Literal["id-prefix", "id-alphabet", "id-length", "time-separator", "time-fraction", "time-offset"]

ASPECTS: Final[tuple[Aspect, ...]] = (
    "id-prefix",
    "id-alphabet",
    "id-length",
    "time-separator",
    "time-fraction",
    "time-offset",
)

LEAST_CHANCE: Final = 0.001
"""A form that only one side shows is a difference unless its absence has at least this probability by chance."""

_BY_CHANCE: Final = frozenset({"id-alphabet", "id-length", "time-fraction"})
"""Aspects that vary by chance from value to value: a random id without a letter, a fraction without final zeros."""

_VARYING: Final = frozenset({"id-length", "time-fraction"})
"""Aspects for which two forms are equivalent to three: they vary."""

_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d(?P<separator>[Tt ])\d\d:\d\d:\d\d(?:\.(?P<fraction>\d+))?(?P<offset>[Zz]|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_ID_NAME: Final = re.compile(r"(?:.*_)?id")
_PREFIX: Final = re.compile(r"[A-Za-z]+_")
_CLASSES: Final = {
    "0-9": frozenset("0123456789"),
    "a-f": frozenset("abcdef"),
    "g-z": frozenset("ghijklmnopqrstuvwxyz"),
    "A-F": frozenset("ABCDEF"),
    "G-Z": frozenset("GHIJKLMNOPQRSTUVWXYZ"),
    "-": frozenset("-"),
    "_": frozenset("_"),
    ".": frozenset("."),
}
_OTHER: Final = "other"
_NO_FORMAT: Final = frozenset({"request_id"})
"""Ids that a client may choose: an echoed one has the suite's own format."""


@dataclass(frozen=True, slots=True)
class FormatCounts:
    """One aspect of many values: the number of values with each form."""

    samples: int
    forms: Counter[str]

    @property
    def names(self) -> tuple[str, ...]:
        """The forms that occur."""
        return tuple(sorted(self.forms))


def format_counts(name: str, texts: Iterable[str]) -> dict[Aspect, FormatCounts]:
    """Return how the values of a field of that name are formatted; each value counts once."""
    counted: dict[Aspect, Counter[str]] = {}
    samples: Counter[Aspect] = Counter()
    for text in set(texts):
        for aspect, forms in _forms(name, text):
            counted.setdefault(aspect, Counter()).update(forms)
            samples[aspect] += 1
    return {aspect: FormatCounts(samples[aspect], counted[aspect]) for aspect in ASPECTS if aspect in counted}


def same_format(aspect: Aspect, a: FormatCounts, b: FormatCounts) -> bool:
    """Return whether two sides have the same format in this aspect, as far as their values show."""
    if aspect not in _BY_CHANCE:
        return a.names == b.names
    if aspect in _VARYING and len(a.forms) > 1 and len(b.forms) > 1:
        return True
    return _explained(a, b) and _explained(b, a)


def _explained(shown: FormatCounts, missing: FormatCounts) -> bool:
    """Return whether chance explains that forms of one side are missing on the other.

    The share of a form is estimated as (count + 1) / (samples + 2), so that a single value proves nothing.
    """
    return all(
        (1 - (count + 1) / (shown.samples + 2)) ** missing.samples >= LEAST_CHANCE
        for form, count in shown.forms.items()
        if form not in missing.forms
    )


def _forms(name: str, text: str) -> Iterator[tuple[Aspect, Iterable[str]]]:
    time = _TIME.fullmatch(text)
    if time is not None:
        yield "time-separator", [time["separator"]]
        yield "time-fraction", [str(len(time["fraction"] or ""))]
        yield "time-offset", [time["offset"] or "none"]
    elif _ID_NAME.fullmatch(name) and name not in _NO_FORMAT:
        prefix = _PREFIX.match(text)
        rest = text[prefix.end() :] if prefix else text
        alphabet = _alphabet(rest)
        yield "id-prefix", [prefix.group() if prefix else ""]
        yield "id-alphabet", alphabet
        if alphabet != {"0-9"}:  # a counter grows by itself
            yield "id-length", [str(len(rest))]


def _alphabet(text: str) -> set[str]:
    left = set(text)
    found = set()
    for name, characters in _CLASSES.items():
        if left & characters:
            found.add(name)
            left -= characters
    return found | ({_OTHER} if left else set())
