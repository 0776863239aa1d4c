"""Common mistakes of servers by requirement, each with a fix. They are hints and never affect a verdict.

They are in `mistakes/`, a file for each operation and one for what every operation has.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final, Literal, get_args

from conformance.contract.catalogue import CatalogueError, load_catalogue
from conformance.contract.operations import OPERATIONS
from conformance.text import Text

Kind = Literal[
    "accepted", "refused", "other-refusal", "crash", "missing", "type", "value", "header", "body", "leak", "race"
]
"""What is wrong with a response. A wrong status is one of four: a success instead of a refusal, a refusal instead of a
success, another refusal, or a server error."""

_KINDS: Final = frozenset(get_args(Kind))
_DISTINCTIVE: Final = re.compile(r"(?<!\d)[1-5]\d\d(?!\d)|(?<=[`\"])[\w.]+(?=[`\"])")


@dataclass(frozen=True, slots=True)
class Mistake:
    """A common mistake and its fix.

    `symptoms` are beginnings that point to this mistake: of what was found (`HTTP 401`), of the place with what was found
    there (`/state: "queued"`), of the schema keyword (`schema:format`) and the field (`required: metadata`), of what was
    expected (`expected: in UTC`), of the failing step (`step: retry.5`), or of the only scenario that shows it.

    `kinds` are the kinds of violation for which it is the most likely mistake if no symptom decides. Without symptoms and
    kinds, it is so for every violation; an empty list means that only its symptoms, if any, point to it.
    """

    what: Text
    fix: Text
    symptoms: tuple[str, ...] = ()
    kinds: frozenset[Kind] | None = None

    def fits(self, kind: Kind | None) -> bool:
        """Return whether it is likely behind a violation of this kind; None is a wrong status of no kind."""
        return not self.symptoms if self.kinds is None else kind in self.kinds


def mistakes_of(requirement: str) -> tuple[Mistake, ...]:
    """Return the common mistakes behind a violation of a requirement, the most common first.

    Raises:
        KeyError: there is no such requirement.
    """
    return _by_requirement()[requirement]


def likely_cause(requirement: str, *seen: str) -> Mistake | None:
    """Return the mistake that has the longest of these symptoms, or None if no mistake has one."""
    found = [
        (len(symptom), mistake)
        for mistake in mistakes_of(requirement)
        for symptom in mistake.symptoms
        if any(each.startswith(symptom) for each in seen)
    ]
    return max(found, key=lambda each: each[0])[1] if found else None


def most_likely(requirement: str, kind: Kind | None) -> Mistake | None:
    """Return the most common mistake behind a violation of this kind, or None if none of them explains it."""
    return next((mistake for mistake in mistakes_of(requirement) if mistake.fits(kind)), None)


def consequence_of(requirement: str) -> Text | None:
    """Return what a wrong response does to a worker, or None if the official clients do not show it."""
    return _consequences().get(requirement)


def distinctive_terms(sentence: str) -> frozenset[str]:
    """Return the HTTP statuses and the quoted words of a sentence: they distinguish it from other sentences."""
    return frozenset(_DISTINCTIVE.findall(sentence))


def rank_by_symptom(mistakes: Sequence[Mistake], symptom: str) -> tuple[Mistake, ...]:
    """Return the mistakes sorted by how many statuses and quoted words they share with the symptom. Ties keep their order."""
    seen = distinctive_terms(symptom)

    def likeness(mistake: Mistake) -> float:
        terms = distinctive_terms(mistake.what.en)
        return len(terms & seen) / len(terms) if terms else 0.0

    return tuple(sorted(mistakes, key=likeness, reverse=True))


@cache
def _by_requirement() -> Mapping[str, tuple[Mistake, ...]]:
    """Return the mistakes by requirement id, in the order of the requirement set.

    Raises:
        CatalogueError: a requirement has no mistake, or a mistake names an unknown requirement or kind.
    """
    found: dict[str, tuple[Mistake, ...]] = dict.fromkeys(load_catalogue().requirements, ())
    for family in _data()["family"]:
        mistakes = tuple(_mistake(entry) for entry in family["mistake"])
        for requirement in _each_operations(family["requirements"], found):
            if requirement not in found:
                raise CatalogueError(f"mistakes: there is no requirement {requirement}")
            found[requirement] += mistakes
    if lacking := [requirement for requirement, mistakes in found.items() if not mistakes]:
        raise CatalogueError(f"mistakes: no mistakes for {', '.join(lacking)}")
    return found


def _mistake(entry: Mapping[str, Any]) -> Mistake:
    kinds = frozenset(entry["kinds"]) if "kinds" in entry else None
    if kinds is not None and not kinds <= _KINDS:
        raise CatalogueError(f"mistakes: there is no kind {', '.join(sorted(kinds - _KINDS))}")
    return Mistake(Text(**entry["what"]), Text(**entry["fix"]), tuple(entry.get("symptoms", ())), kinds)


@cache
def _consequences() -> Mapping[str, Text]:
    """Return the consequences by requirement id.

    Raises:
        CatalogueError: a consequence names an unknown requirement.
    """
    found = {
        requirement: Text(entry["en"], entry["zh"])
        for entry in _data()["consequence"]
        for requirement in _each_operations(entry["requirements"], load_catalogue().requirements)
    }
    if unknown := found.keys() - load_catalogue().requirements.keys():
        raise CatalogueError(f"mistakes: there is no requirement {', '.join(sorted(unknown))}")
    return found


def _each_operations(requirements: Iterable[str], known: Collection[str]) -> Iterator[str]:
    """Yield ids; `*.auth.missing` stands for the requirement of that name of every operation that has it, except ack."""
    for requirement in requirements:
        if requirement.startswith("*."):
            each = [f"{name}{requirement[1:]}" for name in OPERATIONS if name != "ack"]
            yield from (name for name in each if name in known)
        else:
            yield requirement


@cache
def _data() -> Mapping[str, Any]:
    """Return the families and the consequences of all files in `mistakes/`."""
    files = sorted(resources.files("conformance.contract").joinpath("mistakes").iterdir(), key=lambda each: each.name)
    data = [tomllib.loads(each.read_text("utf-8")) for each in files if each.name.endswith(".toml")]
    return {part: [entry for each in data for entry in each.get(part, ())] for part in ("family", "consequence")}
