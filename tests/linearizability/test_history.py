"""Intervals: what is one, and what overlaps."""

from __future__ import annotations

import pytest

from conformance.contract.model import ModelResponse, Operation
from conformance.linearizability.history import Event, all_overlap, overlaps

ACK = Operation("ack", "A")


def event(label: str, status: int | None, at: tuple[float, float]) -> Event:
    return Event(label, ACK, ModelResponse(status), *at)


def test_an_event_cannot_end_before_it_began() -> None:
    with pytest.raises(ValueError, match="ack: completed at 1 but invoked at 2"):
        event("ack", 200, at=(2, 1))
    with pytest.raises(ValueError, match="nan"):
        event("ack", 200, at=(2, float("nan")))


def test_intervals_that_share_an_instant_overlap() -> None:
    a, b, c = (event(label, 200, at=at) for label, at in [("a", (0, 2)), ("b", (2, 4)), ("c", (3, 5))])
    assert overlaps(a, b)
    assert overlaps(b, a)
    assert overlaps(a, a)
    assert not overlaps(a, c)
    assert all_overlap([a, b])
    assert not all_overlap([a, b, c])
    assert not all_overlap([a])
    assert not all_overlap([])


def test_what_a_lost_request_did_later_is_no_evidence_of_a_race() -> None:
    lost = event("lost", None, at=(0, 1))
    assert not all_overlap([lost, event("b", 200, at=(2, 3))])
