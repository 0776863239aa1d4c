"""The model of one work item, row by row: what the pages say, and what they leave open."""

from __future__ import annotations

import itertools
from typing import get_args

import pytest

from conformance.contract.model import PHASES, ItemState, ModelResponse, Operation, OperationKind, Phase
from conformance.contract.transitions import is_unknown, shows_later, step

LIVE: tuple[Phase, ...] = ("queued", "starting", "active")
ENDING: tuple[Phase, ...] = ("stopping", "stopped")
GATEWAY = (429, 502, 503, 504)


def phases(states: frozenset[ItemState]) -> set[str]:
    return {state.phase for state in states}


def ack(
    phase: Phase, stored: str | None, sent: str | None, status: int | None, *, overlapped: bool = False
) -> frozenset[ItemState]:
    return step(ItemState(phase, stored), Operation("ack", sent), ModelResponse(status), overlapped=overlapped)


def other(kind: OperationKind, phase: Phase, answer: ModelResponse, *, overlapped: bool = False) -> set[str]:
    return phases(step(ItemState(phase, "A"), Operation(kind), answer, overlapped=overlapped))


@pytest.mark.parametrize("worker", ["A", None])
@pytest.mark.parametrize(("phase", "after"), [("queued", "starting"), ("starting", "starting"), ("active", "active")])
def test_the_rightful_ack_wins(phase: Phase, after: Phase, worker: str | None) -> None:
    assert ack(phase, worker, worker, 200) == {ItemState(after, worker)}
    assert ack(phase, worker, worker, 409) == frozenset()


@pytest.mark.parametrize("worker", ["A", "B", None])
@pytest.mark.parametrize("phase", ENDING)
@pytest.mark.parametrize("overlapped", [False, True])
def test_an_ack_of_an_ending_item_is_refused(phase: Phase, worker: str | None, overlapped: bool) -> None:
    assert ack(phase, "A", worker, 409, overlapped=overlapped) == {ItemState(phase, "A")}
    assert ack(phase, "A", worker, 200, overlapped=overlapped) == frozenset()


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("overlapped", [False, True])
def test_another_workers_ack_is_refused_in_every_state(phase: Phase, overlapped: bool) -> None:
    for sent in ("B", "AA", "xA"):
        assert ack(phase, "A", sent, 409, overlapped=overlapped) == {ItemState(phase, "A")}
        assert ack(phase, "A", sent, 200, overlapped=overlapped) == frozenset()


@pytest.mark.parametrize(("stored", "sent"), [("wa-1", "WA-1"), ("A", None), ("A", ""), (None, "A"), ("", None)])
@pytest.mark.parametrize("phase", LIVE)
def test_what_the_pages_leave_open_may_be_accepted_or_refused(
    phase: Phase, stored: str | None, sent: str | None
) -> None:
    accepted = ack(phase, stored, sent, 200)
    assert phases(accepted) == {"starting" if phase == "queued" else phase}
    assert ack(phase, stored, sent, 409) == {ItemState(phase, stored)}


def test_whether_an_ack_with_an_id_claims_an_item_polled_without_one_is_open() -> None:
    assert ack("queued", None, "A", 200) == {ItemState("starting", None), ItemState("starting", "A")}
    assert ack("queued", "A", None, 200) == {ItemState("starting", "A")}


@pytest.mark.parametrize("phase", LIVE)
def test_a_409_beside_another_request_has_no_effect(phase: Phase) -> None:
    assert ack(phase, "A", "A", 409, overlapped=True) == {ItemState(phase, "A")}


@pytest.mark.parametrize("status", [201, 204, 301, 400, 401, 403, 404, 408, 500, 501])
@pytest.mark.parametrize("phase", PHASES)
def test_no_other_answer_to_an_ack_is_allowed(phase: Phase, status: int) -> None:
    for sent, overlapped in itertools.product(("A", "B", None), (False, True)):
        assert ack(phase, "A", sent, status, overlapped=overlapped) == frozenset()


@pytest.mark.parametrize("status", [None, *GATEWAY])
def test_a_lost_ack_may_or_may_not_have_happened(status: int | None) -> None:
    queued, starting = ItemState("queued", "A"), ItemState("starting", "A")
    assert ack("queued", "A", "A", status) == {queued, starting}
    assert ack("queued", "A", "B", status) == {queued}
    assert ack("starting", "A", "A", status) == {starting}
    assert phases(ack("stopping", "A", "A", status)) == {"stopping"}


@pytest.mark.parametrize(
    ("phase", "by_200", "by_409", "by_409_overlapped"),
    [
        ("queued", set(), {"queued"}, {"queued"}),
        ("starting", {"active"}, set(), {"starting"}),
        ("active", {"active"}, set(), {"active"}),
        ("stopping", {"stopping"}, {"stopping"}, {"stopping"}),
        ("stopped", set(), {"stopped"}, {"stopped"}),
    ],
)
def test_heartbeat(phase: Phase, by_200: set[str], by_409: set[str], by_409_overlapped: set[str]) -> None:
    assert other("heartbeat", phase, ModelResponse(200)) == by_200
    assert other("heartbeat", phase, ModelResponse(409)) == by_409
    assert other("heartbeat", phase, ModelResponse(409), overlapped=True) == by_409_overlapped
    assert other("heartbeat", phase, ModelResponse(412)) == {phase}
    assert other("heartbeat", phase, ModelResponse(None)) == by_200 | {phase}


@pytest.mark.parametrize(
    ("phase", "graceful"),
    [
        ("queued", "stopped"),
        ("starting", "stopping"),
        ("active", "stopping"),
        ("stopping", "stopped"),
        ("stopped", "stopped"),
    ],
)
def test_stop(phase: Phase, graceful: Phase) -> None:
    assert other("stop", phase, ModelResponse(200, graceful)) == {graceful}
    assert other("force-stop", phase, ModelResponse(200, "stopped")) == {"stopped"}
    for answer in (
        ModelResponse(None),
        ModelResponse(409),
        ModelResponse(404),
        ModelResponse(500),
        ModelResponse(503),
        ModelResponse(200, "starting"),
    ):
        assert other("stop", phase, answer) == {phase, graceful}
        assert other("force-stop", phase, answer) == {phase, "stopped"}
    assert other("stop", phase, ModelResponse(200, "stopping" if graceful == "stopped" else "stopped")) == set()


@pytest.mark.parametrize("phase", PHASES)
def test_only_a_queued_item_is_delivered_again(phase: Phase) -> None:
    def poll(worker: str | None, answer: ModelResponse) -> frozenset[ItemState]:
        return step(ItemState(phase, "A"), Operation("redeliver", worker), answer, overlapped=False)

    same, by_b, by_nobody = ItemState(phase, "A"), ItemState(phase, "B"), ItemState(phase, None)
    queued = phase == "queued"
    assert poll("B", ModelResponse(200, delivered=False)) == {same}
    assert poll("B", ModelResponse(200, "queued", delivered=True)) == ({by_b} if queued else set())
    assert poll(None, ModelResponse(200, "queued", delivered=True)) == ({same, by_nobody} if queued else set())
    for answer in (ModelResponse(None), ModelResponse(200), ModelResponse(409, delivered=False), ModelResponse(500)):
        assert poll("B", answer) == ({same, by_b} if queued else {same})


@pytest.mark.parametrize("phase", PHASES)
def test_get_shows_the_state_and_changes_nothing(phase: Phase) -> None:
    for shown, overlapped in itertools.product((*PHASES, "no such state"), (False, True)):
        assert other("get", phase, ModelResponse(200, shown), overlapped=overlapped) == (
            {phase} if shown == phase else set()
        )
    for answer in (ModelResponse(200), ModelResponse(None), ModelResponse(404), ModelResponse(500)):
        assert other("get", phase, answer) == {phase}


@pytest.mark.parametrize("shown", [*PHASES, "no such state"])
def test_a_200_shows_what_it_did_or_beside_another_request_a_later_state(shown: str) -> None:
    state, operation = ItemState("starting", "A"), Operation("ack", "A")
    alone = step(state, operation, ModelResponse(200, shown), overlapped=False)
    beside = step(state, operation, ModelResponse(200, shown), overlapped=True)
    assert phases(alone) == ({"starting"} if shown == "starting" else set())
    assert phases(beside) == ({"starting"} if shown in PHASES[1:] else set())


def test_shows_later_is_about_known_answers_alone() -> None:
    acked = Operation("ack", "A")
    assert shows_later(acked, ModelResponse(200, "active"), "starting")
    assert not shows_later(acked, ModelResponse(200, "starting"), "starting")
    assert not shows_later(acked, ModelResponse(200), "starting")
    assert not shows_later(acked, ModelResponse(409, "active"), "starting")
    assert not shows_later(Operation("stop"), ModelResponse(200, "starting"), "stopping")


@pytest.mark.parametrize("kind", get_args(OperationKind))
def test_lost_answers_and_the_gateways_are_unknown(kind: OperationKind) -> None:
    for status in (None, *GATEWAY):
        assert is_unknown(Operation(kind), ModelResponse(status, delivered=True))
    assert not is_unknown(Operation(kind), ModelResponse(200, delivered=True))


@pytest.mark.parametrize(
    ("kind", "answer", "unknown"),
    [
        ("ack", ModelResponse(500), False),
        ("ack", ModelResponse(404), False),
        ("ack", ModelResponse(200, "no such state"), False),
        ("heartbeat", ModelResponse(409), False),
        ("heartbeat", ModelResponse(412), False),
        ("heartbeat", ModelResponse(500), True),
        ("heartbeat", ModelResponse(200, "queued"), True),
        ("stop", ModelResponse(200, "stopping"), False),
        ("stop", ModelResponse(200, "active"), True),
        ("stop", ModelResponse(409), True),
        ("force-stop", ModelResponse(200, "stopping"), True),
        ("redeliver", ModelResponse(200), True),
        ("redeliver", ModelResponse(404, delivered=False), True),
        ("get", ModelResponse(200, "no such state"), False),
        ("get", ModelResponse(404), True),
    ],
)
def test_only_an_ack_is_held_to_every_answer(kind: OperationKind, answer: ModelResponse, unknown: bool) -> None:
    assert is_unknown(Operation(kind), answer) is unknown


def test_nothing_ever_moves_back() -> None:
    """Over every state, operation and answer: the phase never gets earlier, and a refusal changes nothing."""
    workers = ("A", "B", None)
    for phase, stored, kind, sent, status, delivered, overlapped in itertools.product(
        PHASES,
        workers,
        set(get_args(OperationKind)) - {"anything"},  # which is no operation of the API
        workers,
        (None, 200, 404, 409, 412, 500, 503),
        (None, False, True),
        (False, True),
    ):
        state = ItemState(phase, stored)
        answer = ModelResponse(status, delivered=delivered)
        after = step(state, Operation(kind, sent), answer, overlapped=overlapped)
        assert all(PHASES.index(each.phase) >= PHASES.index(phase) for each in after)
        if is_unknown(Operation(kind, sent), answer):
            assert state in after
        elif status != 200:
            assert after <= {state}
