"""The requirement set as data: one TOML file per chapter, in `requirements/<operation>/` or `requirements/worker/`.

What holds for every operation but ack, whose chapters came first, is written once, in `requirements/every-operation.toml`.

A requirement has a text, a level, a basis and its sources in the docs of each language. Code refers to a requirement
by its id and never repeats these texts.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Literal, get_args

from conformance.contract.citations import Source, SourceUnknown, source
from conformance.contract.operations import OPERATIONS, PROFILES, ApiOperation, Profile, Subject
from conformance.text import Text

Level = Literal["MUST", "SHOULD", "OBSERVE"]
Basis = Literal["stated", "inferred", "client", "open"]
Exercised = Literal["always", "optional-input", "may-not-occur", "needs-poll", "on-request"]
"""Why a conformant run may leave a requirement out. `always`: it may not."""

FIRST_VERSION = "1.0"

BASIS_WORDS: Mapping[Basis, Text] = {
    "stated": Text("stated in the docs", "文档明文规定"),
    "inferred": Text("inferred from the docs", "由文档推断"),
    "client": Text("official clients depend on it", "官方客户端依赖于此"),
    "open": Text("left open by the docs", "文档未作规定"),
}


class CatalogueError(Exception):
    """The requirement files contradict each other. The message names the file and the id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A rule of the contract. `inference` explains it where the basis is `inferred` or `client`.

    `since` is the version of the requirement set that added it.
    """

    id: str
    chapter: str
    level: Level
    basis: Basis
    text: Text
    sources: tuple[Source, ...]
    inference: Text | None = None
    exercised: Exercised = "always"
    input: str | None = None
    since: str = FIRST_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """A statement of a page that this suite does not judge, with the reason."""

    id: str
    chapter: str
    text: Text
    reason: Text
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A chapter of the contract, about one operation or about workers. `id` is the name of its file."""

    id: str
    operation: Subject
    order: int
    title: Text
    requirements: tuple[Requirement, ...]
    excluded: tuple[Excluded, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """All chapters, in order, and the version of the requirement set."""

    version: str
    chapters: tuple[Chapter, ...]

    @cached_property
    def requirements(self) -> dict[str, Requirement]:
        """All requirements by id, in chapter order."""
        return {requirement.id: requirement for chapter in self.chapters for requirement in chapter.requirements}

    def of_profile(self, profile: Profile) -> Catalogue:
        """Return the requirement set of a profile: the chapters of the operations that it judges."""
        operations = PROFILES[profile]
        return Catalogue(self.version, tuple(chapter for chapter in self.chapters if chapter.operation in operations))

    def profile_of(self, requirement_id: str) -> Profile:
        """Return the smallest profile that has a requirement.

        Raises:
            KeyError: there is no such requirement.
        """
        operation = self.chapter(self.requirements[requirement_id].chapter).operation
        return next(profile for profile, subjects in PROFILES.items() if operation in subjects)

    def chapter(self, chapter_id: str) -> Chapter:
        """Return the chapter with that id.

        Raises:
            KeyError: there is no such chapter.
        """
        for chapter in self.chapters:
            if chapter.id == chapter_id:
                return chapter
        raise KeyError(chapter_id)


@cache
def load_catalogue() -> Catalogue:
    """Return the requirement set of this package.

    Raises:
        CatalogueError: an id is used twice, a source is unknown, or an inference is missing.
    """
    here = resources.files("conformance.contract")
    version = tomllib.loads(here.joinpath("catalogue.toml").read_text("utf-8"))["version"]
    requirements = here.joinpath("requirements")
    chapters = [
        _chapter(entry.name.removesuffix(".toml"), subject, _toml(entry))
        for subject in get_args(Subject)
        if requirements.joinpath(subject).is_dir()
        for entry in requirements.joinpath(subject).iterdir()
        if entry.name.endswith(".toml")
    ]
    template = _toml(requirements.joinpath("every-operation.toml"))
    chapters += [_chapter_of_every_operation(template, each) for each in OPERATIONS.values() if each.name != "ack"]
    ids = [rule.id for chapter in chapters for rule in chapter.requirements]
    ids += [rule.id for chapter in chapters for rule in chapter.excluded]
    if twice := {rule for rule in ids if ids.count(rule) > 1}:
        raise CatalogueError(f"ids used twice: {', '.join(sorted(twice))}")
    return Catalogue(version, tuple(sorted(chapters, key=lambda chapter: chapter.order)))


def version_numbers(version: str) -> tuple[int, ...]:
    """Return a version of the requirement set as numbers, so that versions compare in order."""
    return tuple(int(part) for part in version.split("."))


def _toml(entry: Traversable) -> dict[str, Any]:
    return tomllib.loads(entry.read_text("utf-8"))


def _chapter_of_every_operation(template: Mapping[str, Any], operation: ApiOperation) -> Chapter:
    """Return the chapter of an operation that is made from the template: what holds for every operation."""
    names = {"operation": operation.name, "page": operation.page}
    entries = [entry for entry in template["requirement"] if _concerns(operation, entry.get("only"))]
    data = {
        "chapter": {
            "order": template["chapter"]["order"] + 10 * list(OPERATIONS).index(operation.name),
            "title": _filled(template["chapter"]["title"], "title", operation),
        },
        "requirement": [
            {
                **entry,
                "id": entry["id"].format(**names),
                "sources": [each.format(**names) for each in entry["sources"]],
                **{key: _filled(entry[key], "noun", operation) for key in ("text", "inference") if key in entry},
            }
            for entry in entries
        ],
    }
    return _chapter(f"{operation.name}-requests", operation.name, data)


def _concerns(operation: ApiOperation, only: Literal["item", "environment", "acts", "shows"] | None) -> bool:
    """Return whether an entry of the template is about an operation, by its `only`."""
    match only:
        case "item":
            return operation.names_item
        case "environment":
            return not operation.names_item
        case "acts":
            return operation.acts
        case "shows":
            return operation.success != "stats"
        case _:
            return True


def _filled(text: Mapping[str, str], attribute: Literal["title", "noun"], operation: ApiOperation) -> dict[str, str]:
    name: Text = getattr(operation, attribute)
    return {"en": text["en"].format(name.en), "zh": text["zh"].format(name.zh)}


def _chapter(chapter_id: str, operation: Subject, data: Mapping[str, Any]) -> Chapter:
    return Chapter(
        id=chapter_id,
        operation=operation,
        order=data["chapter"]["order"],
        title=Text(**data["chapter"]["title"]),
        requirements=tuple(_requirement(chapter_id, entry) for entry in data["requirement"]),
        excluded=tuple(
            Excluded(
                id=entry["id"],
                chapter=chapter_id,
                text=Text(**entry["text"]),
                reason=Text(**entry["reason"]),
                sources=sources_of(entry["id"], entry["sources"]),
            )
            for entry in data.get("excluded", ())
        ),
    )


def _requirement(chapter_id: str, entry: Mapping[str, Any]) -> Requirement:
    inference = Text(**entry["inference"]) if "inference" in entry else None
    if (inference is not None) != (entry["basis"] in {"inferred", "client"}):
        raise CatalogueError(
            f"{chapter_id}.toml: {entry['id']}: 'inferred' and 'client' need an inference, other bases have none"
        )
    return Requirement(
        id=entry["id"],
        chapter=chapter_id,
        level=entry["level"],
        basis=entry["basis"],
        text=Text(**entry["text"]),
        sources=sources_of(entry["id"], entry["sources"]),
        inference=inference,
        exercised=entry.get("exercised", "always"),
        input=entry.get("input"),
        since=entry.get("since", FIRST_VERSION),
    )


def sources_of(owner: str, references: Iterable[str]) -> tuple[Source, ...]:
    """Return the sources for these references. `owner` is the id that cites them, for the error message.

    Raises:
        CatalogueError: there is no such place.
    """
    try:
        return tuple(source(reference) for reference in references)
    except SourceUnknown as error:
        raise CatalogueError(f"{owner}: {error}") from None
