"""Several variants at once."""

import random
from collections.abc import Iterable
from dataclasses import dataclass

from ..configuration import ServerConfig
from ..tcp_proxy import TRANSPARENT_PROXY, ProxyConfig
from .registry import VARIANTS
from .variant import Variant


@dataclass(frozen=True, kw_only=True)
class CombinedVariants:
    """What several variants make together, and what may be said of it."""

    server_config: ServerConfig
    wire: ProxyConfig
    warns: frozenset[str]
    skips: frozenset[str]


def combine_variants(variants: Iterable[Variant], base: ServerConfig | None = None) -> CombinedVariants:
    """The variants applied to a recipe (the healthy one), in the order of the registry."""
    server_config, wire = base or ServerConfig(), TRANSPARENT_PROXY
    order = list(VARIANTS)
    chosen = sorted(variants, key=lambda variant: order.index(variant.id))
    for variant in chosen:
        server_config, wire = variant.change(server_config), variant.wire(wire)
    return CombinedVariants(
        server_config=server_config,
        wire=wire,
        warns=frozenset().union(*(variant.warns for variant in chosen)),
        skips=frozenset().union(*(variant.skips for variant in chosen)),
    )


def conflicting_group(variants: Iterable[Variant]) -> str | None:
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
            if len(chosen) < size and conflicting_group([*chosen, VARIANTS[name]]) is None:
                chosen.append(VARIANTS[name])
        ids = tuple(sorted((variant.id for variant in chosen), key=order.index))
        if ids not in found:
            found[ids] = tuple(VARIANTS[name] for name in ids)
        for name in ids:
            times[name] += 1
    return list(found.values())
