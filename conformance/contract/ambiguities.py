"""The ambiguity register: where the pages disagree or leave something open, and how the suite reads them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

from conformance.contract.catalogue import CatalogueError, load_catalogue, sources_of
from conformance.contract.citations import Source
from conformance.text import Text

Kind = Literal["gap", "contradiction", "limit"]
"""A gap is filled by the reading alone; of a contradiction one page wins; a limit asks for less than a page states."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguity:
    """One entry. `positions` says what the pages say, `reading` what the suite makes of it."""

    id: str
    kind: Kind
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
    """Every entry, in the order of the file.

    Raises:
        CatalogueError: a source is unknown, or a requirement that rests on a gap is called stated.
    """
    text = resources.files("conformance.contract").joinpath("ambiguities.toml").read_text("utf-8")
    entries = tuple(
        Ambiguity(
            id=entry["id"],
            kind=entry.get("kind", "gap"),
            question=Text(**entry["question"]),
            positions=Text(**entry["positions"]),
            reading=Text(**entry["reading"]),
            sources=sources_of(entry["id"], entry["sources"]),
            requirements=tuple(entry["requirements"]),
        )
        for entry in tomllib.loads(text)["ambiguity"]
    )
    for entry in entries:
        _refuse_stated(entry)
    return entries


def readings_of(requirement: str) -> tuple[Ambiguity, ...]:
    """The entries that a requirement rests on, or that concern it."""
    return tuple(entry for entry in load_ambiguities() if requirement in entry.requirements)


def _refuse_stated(entry: Ambiguity) -> None:
    """No page states what a reading fills in."""
    for name in entry.requirements if entry.kind == "gap" else ():
        requirement = load_catalogue().requirements.get(name)
        if requirement is not None and requirement.basis == "stated":
            raise CatalogueError(
                f"ambiguities.toml: {name} rests on the reading of {entry.id!r}, so it is not 'stated'"
            )
