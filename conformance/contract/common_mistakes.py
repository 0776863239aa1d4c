"""What servers usually get wrong about a requirement, and the mend, as data. No verdict rests on any of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from conformance.contract.catalogue import CatalogueError, load_catalogue
from conformance.text import Text

_TELLING: Final = re.compile(r"(?<!\d)[1-5]\d\d(?!\d)|(?<=[`\"])[\w.]+(?=[`\"])")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One way in which servers go wrong, and what to do about it.

    What a failure shows first where this is its likely cause is in `symptoms`.
    """

    what: Text
    fix: Text
    symptoms: tuple[str, ...] = ()


def mistakes_of(requirement: str) -> tuple[Mistake, ...]:
    """The usual mistakes behind a breach of a requirement, the most usual first.

    Raises:
        KeyError: there is no such requirement.
    """
    return _by_requirement()[requirement]


def likely_cause(requirement: str, symptom: str) -> Mistake | None:
    """The mistake whose symptom this is; None where several may be behind it."""
    found = (mistake for mistake in mistakes_of(requirement) if symptom.startswith(mistake.symptoms or ("\0",)))
    return next(found, None)


def consequence_of(requirement: str) -> Text | None:
    """What a wrong answer does to a worker, where official clients show it."""
    return _consequences().get(requirement)


def distinctive_terms(sentence: str) -> frozenset[str]:
    """What tells one sentence about a server from another: the statuses in it, and the words that it quotes."""
    return frozenset(_TELLING.findall(sentence))


def rank_by_symptom(mistakes: Sequence[Mistake], symptom: str) -> tuple[Mistake, ...]:
    """Those first that speak of what was seen: of its statuses and of the words that it quotes. Else the order stays."""
    seen = distinctive_terms(symptom)

    def likeness(mistake: Mistake) -> float:
        told = distinctive_terms(mistake.what.en)
        return len(told & seen) / len(told) if told else 0.0

    return tuple(sorted(mistakes, key=likeness, reverse=True))


@cache
def _by_requirement() -> Mapping[str, tuple[Mistake, ...]]:
    """By the requirement's id, in the catalogue's order.

    Raises:
        CatalogueError: a requirement has none, or one that does not exist has some.
    """
    found: dict[str, tuple[Mistake, ...]] = dict.fromkeys(load_catalogue().requirements, ())
    for family in _data()["family"]:
        mistakes = tuple(
            Mistake(Text(**entry["what"]), Text(**entry["fix"]), tuple(entry.get("symptoms", ())))
            for entry in family["mistake"]
        )
        for requirement in family["requirements"]:
            if requirement not in found:
                raise CatalogueError(f"common_mistakes.toml: there is no requirement {requirement}")
            found[requirement] += mistakes
    if lacking := [requirement for requirement, mistakes in found.items() if not mistakes]:
        raise CatalogueError(f"common_mistakes.toml: nothing about {', '.join(lacking)}")
    return found


@cache
def _consequences() -> Mapping[str, Text]:
    """By the requirement's id.

    Raises:
        CatalogueError: a requirement does not exist.
    """
    found = {
        requirement: Text(entry["en"], entry["zh"])
        for entry in _data()["consequence"]
        for requirement in entry["requirements"]
    }
    if unknown := found.keys() - load_catalogue().requirements.keys():
        raise CatalogueError(f"common_mistakes.toml: there is no requirement {', '.join(sorted(unknown))}")
    return found


@cache
def _data() -> Mapping[str, Any]:
    text = resources.files("conformance.contract").joinpath("common_mistakes.toml").read_text("utf-8")
    return tomllib.loads(text)
