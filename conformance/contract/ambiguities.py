"""The ambiguity register: where the pages contradict each other or leave a question open, and how the suite reads them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any, Literal

from conformance.contract.catalogue import CatalogueError, load_catalogue, sources_of
from conformance.contract.citations import Source
from conformance.contract.operations import OPERATIONS, PROFILES, Profile
from conformance.text import Text

Kind = Literal["gap", "contradiction", "limit"]
"""The suite's reading fills a gap. In a contradiction one page wins. A limit requires less than a page states."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguity:
    """An open question. `positions` is what the pages say, `reading` is how the suite reads them.

    `profile` is the smallest profile that it concerns.
    """

    id: str
    kind: Kind
    profile: Profile
    question: Text
    positions: Text
    reading: Text
    sources: tuple[Source, ...]
    requirements: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the entry as plain JSON types, every text in both languages."""
        return {
            "id": self.id,
            "question": self.question.to_json(),
            "positions": self.positions.to_json(),
            "reading": self.reading.to_json(),
            "sources": [source.to_json() for source in self.sources],
            "requirements": list(self.requirements),
        }


@cache
def load_ambiguities() -> tuple[Ambiguity, ...]:
    """Return every entry, in file order.

    Raises:
        CatalogueError: a source is unknown, or a requirement rests on a gap although its basis is `stated`.
    """
    text = resources.files("conformance.contract").joinpath("ambiguities.toml").read_text("utf-8")
    entries = tuple(
        Ambiguity(
            id=entry["id"],
            kind=entry.get("kind", "gap"),
            profile=entry.get("profile", "ack"),
            question=Text(**entry["question"]),
            positions=Text(**entry["positions"]),
            reading=Text(**entry["reading"]),
            sources=sources_of(entry["id"], entry["sources"]),
            requirements=_named(entry["requirements"]),
        )
        for entry in tomllib.loads(text)["ambiguity"]
    )
    for entry in entries:
        _refuse_stated(entry)
    return entries


def ambiguities_of_profile(profile: Profile) -> tuple[Ambiguity, ...]:
    """Return the entries that concern a profile, each with the requirements of that profile."""
    known = load_catalogue().of_profile(profile).requirements
    return tuple(
        replace(entry, requirements=tuple(name for name in entry.requirements if name in known))
        for entry in load_ambiguities()
        if PROFILES[entry.profile] <= PROFILES[profile]
    )


def ambiguities_of(requirement: str) -> tuple[Ambiguity, ...]:
    """Return the entries that list a requirement."""
    return tuple(entry for entry in load_ambiguities() if requirement in entry.requirements)


def _named(requirements: Iterable[str]) -> tuple[str, ...]:
    """Return requirement ids; one that begins with `{operation}` stands for all made from that template."""
    known = load_catalogue().requirements
    found: list[str] = []
    for name in requirements:
        filled = [name.format(operation=operation) for operation in OPERATIONS if operation != "ack"]
        found += [name] if filled[0] == name else [each for each in filled if each in known]
    return tuple(found)


def _refuse_stated(entry: Ambiguity) -> None:
    """Refuse `stated` requirements under a gap: no page states what a reading fills in."""
    for name in entry.requirements if entry.kind == "gap" else ():
        requirement = load_catalogue().requirements.get(name)
        if requirement is not None and requirement.basis == "stated":
            raise CatalogueError(
                f"ambiguities.toml: {name} rests on the reading of {entry.id!r}, so it is not 'stated'"
            )
