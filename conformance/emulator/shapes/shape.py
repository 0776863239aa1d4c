"""What a foreign shape is: a server whose other operations are odd, and whose ack is right."""

from __future__ import annotations

from dataclasses import dataclass

from ..configuration import Mutation


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One oddity of a neighbour of the ack, or of the names of states, that no page documents.

    `en` and `zh` say it in one sentence. The ack itself is right, so that nothing may fail: whatever fails blames an
    innocent. `unreachable` are the requirements that such a server gives no occasion to judge at all, as their state
    cannot be reached; `skips` those that it leaves unexercised. `judged` is the least share of all checks that are
    judged nevertheless. `noticed` says that a run has to report the oddity. `states` are the names that a vendor
    would map, each with the documented state that it stands for.
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
    """A shape; ids of requirements are separated by spaces."""
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
