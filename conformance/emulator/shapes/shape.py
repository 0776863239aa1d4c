"""The type of a foreign shape: a server with a correct ack whose other operations differ from the docs."""

from __future__ import annotations

from dataclasses import dataclass

from ..configuration import Mutation


@dataclass(frozen=True, kw_only=True)
class Shape:
    """An undocumented behaviour of another operation than the ack, or an undocumented name of a state.

    `en` and `zh` describe it in one sentence. The ack is correct, so no check may fail. `unreachable` are requirements
    that cannot be judged on such a server, as their state cannot be reached. `skips` are requirements that are not
    exercised. `judged` is the minimum share of all checks that must still be judged. `noticed`: a run must report the
    behaviour. `states` are the names that a vendor would map, each with its documented state.
    """

    id: str
    en: str
    zh: str
    change: Mutation
    unreachable: frozenset[str] = frozenset()
    skips: frozenset[str] = frozenset()
    judged: float = 0.9
    noticed: bool = False
    states: tuple[tuple[str, str], ...] = ()


def shape(
    shape_id: str,
    en: str,
    zh: str,
    change: Mutation,
    *,
    unreachable: str = "",
    skips: str = "",
    judged: float = 0.9,
    noticed: bool = False,
    states: tuple[tuple[str, str], ...] = (),
) -> Shape:
    """Return a shape. Requirement ids are separated by spaces."""
    return Shape(
        id=shape_id,
        en=en,
        zh=zh,
        change=change,
        unreachable=frozenset(unreachable.split()),
        skips=frozenset(skips.split()),
        judged=judged,
        noticed=noticed,
        states=states,
    )
