"""A kind of defect, which is made for several operations alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ...configuration import Mutation
from ..defect import Defect, defect
from .makers import OPERATIONS


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of defect: its name, its sentences with `{X}` for the operation, and the requirements without it."""

    name: str
    en: str
    zh: str
    make: Callable[[str], Mutation]
    fails: str
    operations: Sequence[str] = OPERATIONS
    may_fail: str = ""
    moves_time: bool = False
    skips: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, str] = field(default_factory=dict)
    """Requirements of other kinds that it violates too, by operation: what reads the same field."""
    blocks: Sequence[str] = ()
    """The operations of which this kind blocks the preparation of items."""


def defects_of(kinds: Sequence[Kind]) -> Iterator[Defect]:
    """Yield each kind as a defect of each of its operations."""
    for operation in OPERATIONS:
        for kind in kinds:
            if operation in kind.operations:
                own = [f"{operation}.{rule}" for rule in kind.fails.split()]
                yield defect(
                    f"{operation}.{kind.name}",
                    kind.en.replace("{X}", operation),
                    kind.zh.replace("{X}", operation),
                    kind.make(operation),
                    fails=" ".join([*own, kind.also.get(operation, "")]),
                    may_fail=" ".join(rule for rule in kind.may_fail.split() if rule not in own),
                    skips=kind.skips.get(operation, ""),
                    moves_time=kind.moves_time,
                    blocks=operation in kind.blocks,
                )
