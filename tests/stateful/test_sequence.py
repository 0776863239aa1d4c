"""Programmes: the seed alone decides them, they hold everything, and they are cut down without being lost."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.stateful.sequence import (
    ITEMS,
    VERBS,
    WORKERS,
    Move,
    Programme,
    holder,
    random_programme,
    smaller,
)

SEEDS = st.integers(min_value=0, max_value=2**32)


@given(SEEDS)
def test_a_seed_is_a_programme(seed: int) -> None:
    assert random_programme(seed) == random_programme(seed)


def test_other_seeds_are_other_programmes() -> None:
    assert len({random_programme(seed) for seed in range(100)}) == 100


def test_every_request_is_sent_alone_and_beside_others() -> None:
    alone: Counter[str] = Counter()
    beside: Counter[str] = Counter()
    for seed in range(200):
        for group in random_programme(seed).groups:
            (alone if len(group) == 1 else beside).update(move.verb for move in group)
    assert set(alone) == set(beside) == set(VERBS)


def test_acks_come_from_the_holder_from_others_and_from_nobody() -> None:
    moves = [move for seed in range(100) for group in random_programme(seed).groups for move in group]
    workers = {(move.worker or "", move.worker == holder(move.item)) for move in moves if move.verb == "ack"}
    assert {who for who, _ in workers} == {"", *WORKERS}
    assert {own for _, own in workers} == {True, False}


@given(SEEDS)
def test_a_smaller_programme_has_less_and_something(seed: int) -> None:
    programme = random_programme(seed)
    for less in smaller(programme):
        assert less.moves > 0
        assert (less.moves, len(less.items)) < (programme.moves, len(programme.items))
        assert all(less.groups)
        assert set(less.items) <= set(programme.items)
        assert {move.item for group in less.groups for move in group} <= set(less.items)


def without(programme: Programme, needed: frozenset[Move]) -> Programme:
    """Cut down, as long as `needed` is in it."""
    for less in smaller(programme):
        if needed <= {move for group in less.groups for move in group}:
            return without(less, needed)
    return programme


@pytest.mark.parametrize("seed", range(30))
def test_cutting_down_leaves_what_is_needed(seed: int) -> None:
    programme = random_programme(seed)
    last = programme.groups[-1][-1]
    least = without(programme, frozenset({last}))
    assert least.groups == ((last,),)
    assert least.items == (last.item,)


def test_a_programme_is_told_a_line_a_group() -> None:
    programme = Programme(
        ITEMS, ((Move("ack", "a", "w1"), Move("stop", "a")), (Move("poll", "b", "w3"),), (Move("ack", "b"),))
    )
    assert programme.lines() == ["1. ack a as w1 || stop a", "2. poll b as w3", "3. ack b"]
