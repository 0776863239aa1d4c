"""What a round sends when all operations are judged: random sequences of every Work operation, which depend on a seed alone."""

from __future__ import annotations

import random
from typing import Final

from conformance.stateful.sequence import WORKERS, Group, OperationSequence, RandomOperation, Verb

HOLDERS: Final[dict[str, str | None]] = {"a": "w1", "b": "w2", "c": None}
"""The worker that each item is delivered to before the sequence begins; None: it is queued and never delivered."""

WEIGHTS: Final[dict[Verb, int]] = {
    "ack": 7,
    "heartbeat": 3,
    "renew": 2,
    "renew-latest": 5,
    "renew-stale": 3,
    "stop": 3,
    "force-stop": 2,
    "poll": 3,
    "poll-fresh": 4,
    "get": 2,
    "list": 2,
    "stats": 1,
    "metadata": 3,
    "label": 3,
    "unset": 2,
    "touch": 1,
}
"""The requests that are sent, and how often each."""

_ITEMS: Final = (("a",), ("a",), ("a", "b"), ("c",), ("a", "c"))
_BEGINNINGS: Final[tuple[tuple[Verb, ...], ...]] = (
    (),
    (),
    ("ack",),
    ("ack",),
    ("ack", "heartbeat"),
    ("ack", "heartbeat"),
    ("ack", "heartbeat", "renew-latest"),
    ("ack", "stop"),
    ("metadata",),
)
"""How a delivered item may reach a state first."""

_AT_ONCE: Final = {1: 8, 2: 6, 3: 4, 4: 2}
_GROUPS: Final = (4, 8)
_ALIKE: Final[tuple[tuple[Verb, ...], ...]] = (
    ("renew-latest", "heartbeat", "renew"),
    ("poll-fresh", "poll-fresh", "poll"),
    ("metadata", "label", "unset"),
    ("stop", "ack", "heartbeat"),
)
"""Requests that are likely to get in each other's way, sent together more often than chance would."""


def random_work_sequence(seed: int) -> OperationSequence:
    """Return the sequence of a seed."""
    rng = random.Random(f"explore work:{seed}")  # noqa: S311 - to be repeated
    items = rng.choice(_ITEMS)
    beginning = [
        (RandomOperation(verb, item, HOLDERS[item] if verb == "ack" else None),)
        for item in items
        if HOLDERS[item] is not None
        for verb in rng.choice(_BEGINNINGS)
    ]
    groups = [_group(rng, items) for _ in range(rng.randint(*_GROUPS))]
    return OperationSequence(items, (*beginning, *groups))


def _group(rng: random.Random, items: tuple[str, ...]) -> Group:
    """Return a group, mostly about one item."""
    size = rng.choices(list(_AT_ONCE), weights=list(_AT_ONCE.values()))[0]
    item = rng.choice(items)
    if size > 1 and rng.random() < 0.5:
        verbs = rng.choices(rng.choice(_ALIKE), k=size)
    else:
        verbs = rng.choices(list(WEIGHTS), weights=list(WEIGHTS.values()), k=size)
    return tuple(_move(rng, verb, item if rng.random() < 0.8 else rng.choice(items)) for verb in verbs)


def _move(rng: random.Random, verb: Verb, item: str) -> RandomOperation:
    if verb in {"poll", "poll-fresh"}:
        return RandomOperation(verb, item, rng.choice(WORKERS))
    if verb == "ack":
        return RandomOperation(verb, item, rng.choice([HOLDERS[item], HOLDERS[item], *WORKERS, None]))
    return RandomOperation(verb, item)
