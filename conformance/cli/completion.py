"""Names that the shell completes: requirements, scenarios, chapters, defects, variants, shapes, files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, TypeAlias

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Names: TypeAlias = Callable[[], Iterable[str]]
Complete: TypeAlias = "Callable[[click.Context, click.Parameter, str], list[CompletionItem]]"


def chapters() -> Iterable[str]:
    """Return the ids of all chapters."""
    from conformance.contract.catalogue import load_catalogue

    return [chapter.id for chapter in load_catalogue().chapters]


def requirements() -> Iterable[str]:
    """Return the ids of all requirements."""
    from conformance.contract.catalogue import load_catalogue

    return load_catalogue().requirements


def scenarios_and_requirements() -> Iterable[str]:
    """Return the ids that the expression of `run -k` may name."""
    from conformance.chapters.registry import every_scenario

    return [*every_scenario(), *requirements()]


def defects() -> Iterable[str]:
    """Return the names of the emulator's defects."""
    from conformance.emulator.defects import DEFECTS

    return DEFECTS


def variants() -> Iterable[str]:
    """Return the names of the emulator's variants."""
    from conformance.emulator.variants import VARIANTS

    return VARIANTS


def shapes() -> Iterable[str]:
    """Return the names of the emulator's foreign shapes."""
    from conformance.emulator.shapes import SHAPES

    return SHAPES


def explainable() -> Iterable[str]:
    """Return every name that `explain` knows."""
    from conformance.cli.explanations import explainable_names

    return explainable_names()


def one_of(names: Names, *, separator: str | None = None) -> Complete:
    """Return a completion of known names; with `separator`, of the last name in a list of them."""

    def complete(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        before, between, last = incomplete.rpartition(separator) if separator else ("", "", incomplete)
        return [CompletionItem(f"{before}{between}{name}") for name in names() if name.startswith(last)]

    return complete


def path_of(kind: str) -> Complete:
    """Return a completion of paths by the shell itself; `kind` is `file` or `dir`."""

    def complete(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type=kind)]

    return complete


BY_OPTION: Final[dict[str, Complete]] = {"chapter": one_of(chapters), "requirement": one_of(requirements)}
"""Completions of options in the table, by name."""

BY_METAVAR: Final[dict[str, Complete]] = {"FILE": path_of("file"), "DIR": path_of("dir"), "RUN_DIR": path_of("dir")}
"""Completions of other options in the table, by metavar."""
