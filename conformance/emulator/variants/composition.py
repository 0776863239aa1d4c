"""Combines several variants."""

import random
from collections.abc import Iterable
from dataclasses import dataclass

from ..configuration import ServerConfig
from ..tcp_proxy import TRANSPARENT_PROXY, ProxyConfig
from .registry import VARIANTS, variants_of
from .variant import Profile, Variant


@dataclass(frozen=True, kw_only=True)
class CombinedVariants:
    """The combination of several variants, and the declarations about it."""

    server_config: ServerConfig
    wire: ProxyConfig
    warns: frozenset[str]
    skips: frozenset[str]


def combine_variants(variants: Iterable[Variant], base: ServerConfig | None = None) -> CombinedVariants:
    """Apply the variants to a configuration (by default the correct server), in the order of the registry."""
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
    """Return a group with more than one chosen variant, or None."""
    groups = [variant.group for variant in variants if variant.group is not None]
    return next((group for group in groups if groups.count(group) > 1), None)


def combinations(count: int, size: int, seed: int, profile: Profile = "ack") -> list[tuple[Variant, ...]]:
    """Return ``count`` different sets of ``size`` compatible variants of a profile. The same seed gives the same sets.

    Variants that occurred least are chosen first, so that every variant occurs if there are enough sets.
    """
    draw = random.Random(seed)  # noqa: S311 - no secret
    order = list(variants_of(profile))
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
