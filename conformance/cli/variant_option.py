"""Parses `serve --variant`."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.cli.language import localize
from conformance.cli.name_lookup import lookup_by_name
from conformance.cli.options import CannotStart
from conformance.emulator.variants import VARIANTS, Variant, conflicting_group
from conformance.text import Text


def chosen_variants(values: Iterable[str]) -> list[Variant]:
    """Return the variants named in `values`; each value is one name or several separated by commas.

    Raises:
        CannotStart: a name is unknown, or two variants exclude each other.
    """
    names = [name.strip() for value in values for name in value.split(",")]
    noun, see = Text("variant", "变体"), "work-conformance list --variants"
    chosen = [lookup_by_name(VARIANTS, name, noun, see) for name in dict.fromkeys(filter(None, names))]
    group = conflicting_group(chosen)
    if group is not None:
        ids = ", ".join(variant.id for variant in chosen if variant.group == group)
        raise CannotStart(
            localize(
                f"Only one variant of the group {group!r} can be used at a time; choose one of {ids}.",
                f"同组（{group!r}）的变体只能选用一个；请从 {ids} 中选择其一。",
            )
        )
    return chosen
