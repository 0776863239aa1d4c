"""Several variants at once."""

import random
from collections.abc import Iterable
from dataclasses import dataclass

from ..configuration import Recipe
from ..tcp_proxy import PLAIN, Wire
from .registry import VARIANTS
from .variant import Variant


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """What several variants make together, and what may be said of it."""

    recipe: Recipe
    wire: Wire
    warns: frozenset[str]
    skips: frozenset[str]


def assembled(variants: Iterable[Variant], base: Recipe | None = None) -> Assembly:
    """The variants applied to a recipe (the healthy one), in the order of the registry."""
    recipe, wire = base or Recipe(), PLAIN
    order = list(VARIANTS)
    chosen = sorted(variants, key=lambda variant: order.index(variant.id))
    for variant in chosen:
        recipe, wire = variant.change(recipe), variant.wire(wire)
    return Assembly(
        recipe=recipe,
        wire=wire,
        warns=frozenset().union(*(variant.warns for variant in chosen)),
        skips=frozenset().union(*(variant.skips for variant in chosen)),
    )


def excluded(variants: Iterable[Variant]) -> str | None:
    """The group from which more than one was chosen, if there is one."""
    groups = [variant.group for variant in variants if variant.group is not None]
    return next((group for group in groups if groups.count(group) > 1), None)


def combinations(count: int, size: int, seed: int) -> list[tuple[Variant, ...]]:
    """So many different sets of ``size`` variants that do not exclude each other; the same for the same seed.

    Those that occurred least come first, so that every variant occurs once there are enough places for all.
    """
    draw = random.Random(seed)  # noqa: S311 - no secret
    order = list(VARIANTS)
    times = dict.fromkeys(order, 0)
    found: dict[tuple[str, ...], tuple[Variant, ...]] = {}
    while len(found) < count:
        chosen: list[Variant] = []
        for name in sorted(order, key=lambda name: (times[name], draw.random())):
            if len(chosen) < size and excluded([*chosen, VARIANTS[name]]) is None:
                chosen.append(VARIANTS[name])
        ids = tuple(sorted((variant.id for variant in chosen), key=order.index))
        if ids not in found:
            found[ids] = tuple(VARIANTS[name] for name in ids)
        for name in ids:
            times[name] += 1
    return list(found.values())
