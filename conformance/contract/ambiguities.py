"""The ambiguity register: where the pages disagree or leave something open, and how the suite reads them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from conformance.contract.catalogue import sources_of
from conformance.contract.sources import Source
from conformance.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguity:
    """One entry. `positions` says what the pages say, `reading` what the suite makes of it."""

    id: str
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
def register() -> tuple[Ambiguity, ...]:
    """Every entry, in the order of the file.

    Raises:
        CatalogueError: a source is unknown.
    """
    text = resources.files("conformance.contract").joinpath("ambiguities.toml").read_text("utf-8")
    return tuple(
        Ambiguity(
            id=entry["id"],
            question=Text(**entry["question"]),
            positions=Text(**entry["positions"]),
            reading=Text(**entry["reading"]),
            sources=sources_of(entry["id"], entry["sources"]),
            requirements=tuple(entry["requirements"]),
        )
        for entry in tomllib.loads(text)["ambiguity"]
    )
