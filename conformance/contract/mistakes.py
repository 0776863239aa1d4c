"""What servers usually get wrong about a requirement, and the mend, as data. No verdict rests on any of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from conformance.contract.catalogue import CatalogueError, load
from conformance.text import Text

_TELLING: Final = re.compile(r"(?<!\d)[1-5]\d\d(?!\d)|(?<=[`\"])[\w.]+(?=[`\"])")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One way in which servers go wrong, and what to do about it."""

    what: Text
    mend: Text


def mistakes_of(requirement: str) -> tuple[Mistake, ...]:
    """The usual mistakes behind a breach of a requirement, the most usual first.

    Raises:
        KeyError: there is no such requirement.
    """
    return _by_requirement()[requirement]


def telling(sentence: str) -> frozenset[str]:
    """What tells one sentence about a server from another: the statuses in it, and the words that it quotes."""
    return frozenset(_TELLING.findall(sentence))


def likeliest_first(mistakes: Sequence[Mistake], symptom: str) -> tuple[Mistake, ...]:
    """Those first that speak of what was seen: of its statuses and of the words that it quotes. Else the order stays."""
    seen = telling(symptom)

    def likeness(mistake: Mistake) -> float:
        told = telling(mistake.what.en)
        return len(told & seen) / len(told) if told else 0.0

    return tuple(sorted(mistakes, key=likeness, reverse=True))


@cache
def _by_requirement() -> Mapping[str, tuple[Mistake, ...]]:
    """By the requirement's id, in the catalogue's order.

    Raises:
        CatalogueError: a requirement has none, or one that does not exist has some.
    """
    text = resources.files("conformance.contract").joinpath("mistakes.toml").read_text("utf-8")
    found: dict[str, tuple[Mistake, ...]] = dict.fromkeys(load().requirements, ())
    for family in tomllib.loads(text)["family"]:
        mistakes = tuple(Mistake(Text(**entry["what"]), Text(**entry["mend"])) for entry in family["mistake"])
        for requirement in family["requirements"]:
            if requirement not in found:
                raise CatalogueError(f"mistakes.toml: there is no requirement {requirement}")
            found[requirement] += mistakes
    if lacking := [requirement for requirement, mistakes in found.items() if not mistakes]:
        raise CatalogueError(f"mistakes.toml: nothing about {', '.join(lacking)}")
    return found
