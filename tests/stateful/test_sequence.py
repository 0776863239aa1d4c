"""Programmes: the seed alone decides them, they hold everything, and they are cut down without being lost."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.stateful.sequence import (
    ITEMS,
    OPERATION_NAMES,
    WORKERS,
    OperationSequence,
    RandomOperation,
    initial_worker,
    random_sequence,
    shrink_candidates,
)

SEEDS = st.integers(min_value=0, max_value=2**32)


@given(SEEDS)
def test_a_seed_is_a_programme(seed: int) -> None:
    assert random_sequence(seed) == random_sequence(seed)


def test_other_seeds_are_other_programmes() -> None:
    assert len({random_sequence(seed) for seed in range(100)}) == 100


def test_every_request_is_sent_alone_and_beside_others() -> None:
    alone: Counter[str] = Counter()
    beside: Counter[str] = Counter()
    for seed in range(200):
        for group in random_sequence(seed).groups:
            (alone if len(group) == 1 else beside).update(move.verb for move in group)
    assert set(alone) == set(beside) == set(OPERATION_NAMES)


def test_acks_come_from_the_holder_from_others_and_from_nobody() -> None:
    operation_count = [move for seed in range(100) for group in random_sequence(seed).groups for move in group]
    workers = {
        (move.worker or "", move.worker == initial_worker(move.item)) for move in operation_count if move.verb == "ack"
    }
    assert {who for who, _ in workers} == {"", *WORKERS}
    assert {own for _, own in workers} == {True, False}


@given(SEEDS)
def test_a_smaller_programme_has_less_and_something(seed: int) -> None:
    sequence = random_sequence(seed)
    for less in shrink_candidates(sequence):
        assert less.operation_count > 0
        assert (less.operation_count, len(less.items)) < (sequence.operation_count, len(sequence.items))
        assert all(less.groups)
        assert set(less.items) <= set(sequence.items)
        assert {move.item for group in less.groups for move in group} <= set(less.items)


def without(sequence: OperationSequence, needed: frozenset[RandomOperation]) -> OperationSequence:
    """Cut down, as long as `needed` is in it."""
    for less in shrink_candidates(sequence):
        if needed <= {move for group in less.groups for move in group}:
            return without(less, needed)
    return sequence


@pytest.mark.parametrize("seed", range(30))
def test_cutting_down_leaves_what_is_needed(seed: int) -> None:
    sequence = random_sequence(seed)
    last = sequence.groups[-1][-1]
    least = without(sequence, frozenset({last}))
    assert least.groups == ((last,),)
    assert least.items == (last.item,)


def test_a_programme_is_told_a_line_a_group() -> None:
    sequence = OperationSequence(
        ITEMS,
        (
            (RandomOperation("ack", "a", "w1"), RandomOperation("stop", "a")),
            (RandomOperation("poll", "b", "w3"),),
            (RandomOperation("ack", "b"),),
        ),
    )
    assert sequence.lines() == ["1. ack a as w1 || stop a", "2. poll b as w3", "3. ack b"]
