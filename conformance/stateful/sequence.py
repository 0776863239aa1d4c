"""What one round of an exploration sends: a random sequence that depends on its seed alone, and how it is shrunk.

Nothing here depends on the target, so a seed means the same sequence everywhere.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, get_args

OperationName = Literal["ack", "heartbeat", "renew", "stop", "force-stop", "poll", "get", "list", "metadata", "stats"]
"""`heartbeat` is sent as the first one, `renew` as a later one; `poll` reclaims any delivered item."""

Verb = Literal[OperationName, "renew-latest", "renew-stale", "poll-fresh", "label", "unset", "touch"]
"""The further ones are sent only where all operations are judged. `renew-latest` expects the value of the latest
heartbeat, `renew-stale` an older one. `poll-fresh` reclaims nothing. `label` sets another key of the metadata than
`metadata`, `unset` deletes that of `metadata`, and `touch` is an update without `metadata`."""

OPERATION_NAMES: Final[tuple[OperationName, ...]] = get_args(OperationName)

ITEMS: Final = ("a", "b")
WORKERS: Final = ("w1", "w2", "w3")
"""The workers. The first ones poll the items, in this order; the last one owns no item at the start."""

_WEIGHTS: Final[dict[OperationName, int]] = {
    "ack": 9,
    "heartbeat": 3,
    "renew": 3,
    "stop": 3,
    "force-stop": 2,
    "poll": 3,
    "get": 1,
    "list": 3,
    "metadata": 3,
    "stats": 3,
}
_AT_ONCE: Final = {1: 9, 2: 6, 3: 3, 4: 2}
_GROUPS: Final = (4, 8)
_BEGINNINGS: Final[tuple[tuple[OperationName, ...], ...]] = (
    (),
    (),
    (),
    (),
    ("ack",),
    ("ack",),
    ("ack", "heartbeat"),
    ("ack", "stop"),
    ("force-stop",),
)
"""How an item may reach a state first. States that it soon leaves are listed more often, so that none is rare."""

_NAMING: Final = frozenset({"ack", "poll"})
"""The operations that may carry a Worker-ID."""


@dataclass(frozen=True, slots=True)
class RandomOperation:
    """One request. `item` and `worker` are names within the sequence; `stats`, `list` and `poll` also have an item, for
    which they are counted. `worker` None: no Worker-ID is sent."""

    verb: Verb
    item: str
    worker: str | None = None

    def __str__(self) -> str:
        return " ".join([self.verb, self.item, *(["as", self.worker] if self.worker else [])])


Group = tuple[RandomOperation, ...]
"""Requests that leave at one instant."""


@dataclass(frozen=True, slots=True)
class OperationSequence:
    """Groups of requests, one after the other, about `items` that were delivered to the first workers."""

    items: tuple[str, ...]
    groups: tuple[Group, ...]

    @property
    def operation_count(self) -> int:
        """The number of its requests."""
        return sum(map(len, self.groups))

    def lines(self) -> list[str]:
        """Return it for a reader: one line per group, in ASCII."""
        return [f"{number}. " + " || ".join(map(str, group)) for number, group in enumerate(self.groups, start=1)]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        groups = [[[move.verb, move.item, move.worker] for move in group] for group in self.groups]
        return {"items": list(self.items), "groups": groups}


def initial_worker(item: str) -> str:
    """Return the worker that an item is delivered to before the sequence begins."""
    return WORKERS[ITEMS.index(item)]


def random_sequence(seed: int) -> OperationSequence:
    """Return the sequence of a seed."""
    rng = random.Random(f"explore:{seed}")  # noqa: S311 - to be repeated
    beginning = [
        (RandomOperation(verb, item, initial_worker(item) if verb == "ack" else None),)
        for item in ITEMS
        for verb in rng.choice(_BEGINNINGS)
    ]
    groups = [_group(rng) for _ in range(rng.randint(*_GROUPS))]
    return OperationSequence(ITEMS, (*beginning, *groups))


def _group(rng: random.Random) -> Group:
    """Return a group, mostly about one item, and mostly with an ack if it has several requests: acks fail there."""
    size = rng.choices(list(_AT_ONCE), weights=list(_AT_ONCE.values()))[0]
    item = rng.choice(ITEMS)
    verbs = rng.choices(OPERATION_NAMES, weights=[_WEIGHTS[verb] for verb in OPERATION_NAMES], k=size)
    if size > 1 and rng.random() < 0.7:
        verbs[rng.randrange(size)] = "ack"
    return tuple(_move(rng, verb, item if rng.random() < 0.8 else rng.choice(ITEMS)) for verb in verbs)


def _move(rng: random.Random, verb: OperationName, item: str) -> RandomOperation:
    if verb not in _NAMING:
        return RandomOperation(verb, item)
    if verb == "poll":
        return RandomOperation(verb, item, rng.choice(WORKERS))
    return RandomOperation(verb, item, rng.choice([initial_worker(item), *WORKERS, None, None]))


def shrink_candidates(sequence: OperationSequence) -> Iterator[OperationSequence]:
    """Yield smaller sequences, the smallest first: without an item, half of the groups, a group, a request."""
    groups = sequence.groups
    for item in sequence.items:
        rest = tuple(other for other in sequence.items if other != item)
        kept = [tuple(move for move in group if move.item != item) for group in groups]
        if rest and any(kept):
            yield OperationSequence(rest, tuple(group for group in kept if group))
    half = len(groups) // 2
    if half > 1:
        yield replace(sequence, groups=groups[:half])
        yield replace(sequence, groups=groups[half:])
    for at in range(len(groups)):
        if len(groups) > 1:
            yield replace(sequence, groups=groups[:at] + groups[at + 1 :])
    for at, group in enumerate(groups):
        for one in range(len(group)):
            if len(group) > 1:
                less = group[:one] + group[one + 1 :]
                yield replace(sequence, groups=(*groups[:at], less, *groups[at + 1 :]))
