"""The type of a condition that a script decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Condition:
    """A function of the script and its arguments. The arguments at the places `numbered` are steps."""

    words: tuple[str, ...]
    numbered: frozenset[int] = frozenset()

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps among the words."""
        return tuple(step for place in sorted(self.numbered) for step in _steps_in(self.words[place]))


UNDECIDED: Final = Condition(("undecided",))
"""The script cannot tell."""


def of_step(function: str, step: str, *arguments: str) -> Condition:
    """Return a condition on the response to one step."""
    return Condition((function, step, *arguments), frozenset({1}))


def _steps_in(word: str) -> Iterator[str]:
    """Yield the steps in a word: it is one step, or steps after a history's count, status and state."""
    yield from word.split("\n")[1:] if "\n" in word else [word]
