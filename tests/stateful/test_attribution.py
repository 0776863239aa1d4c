"""Which operation a contradiction is about, in histories made by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.exchange import Body, Exchange, Request, Response
from conformance.stateful.attribution import attribute
from conformance.stateful.work_history import WorkHistory, work_history_from_facts

EMPTY: dict[str, Any] = {"latest_heartbeat_at": None, "metadata": {}}
BEAT = "2026-01-01T00:00:01.5Z"
Sent = tuple[str, int, dict[str, Any] | None]
"""(verb, status, what the response shows of the item)."""


def history(*sent: Sent, pause: float = 0.0) -> WorkHistory:
    """One request after the other about item `a`, which was delivered to worker w1; a pause before the last one."""
    moves: dict[str, list[str | None]] = {}
    exchanges: dict[str, Exchange] = {}
    for number, (verb, status, shown) in enumerate(sent):
        step = f"{number}.{verb}"
        moves[step] = [verb, "a", "w1" if verb == "ack" else None]
        text = json.dumps(_body(verb, shown))
        at = number + (pause if number == len(sent) - 1 else 0.0)
        exchanges[step] = Exchange(
            step=step,
            operation=verb,
            request=Request(method="", url="", headers=()),
            outcome="ok",
            invoked=at,
            completed=at + 0.5,
            response=Response(status=status, headers=(), body=Body(text=text, size=len(text))),
        )
    facts = {
        "items": {"a": {"work_id": "work_a", "worker": "w1"}},
        "moves": moves,
        "delivered": {"a": True},
        "settled": list(moves),
        "expected": {step: "NO_HEARTBEAT" for step, (verb, *_) in moves.items() if verb == "heartbeat"},
    }
    return work_history_from_facts(facts, exchanges)


def _body(verb: str, shown: dict[str, Any] | None) -> Any:
    if shown is None or verb == "heartbeat":
        return shown
    item = {"id": "work_a", **shown}
    return {"data": [item]} if verb == "list" else item


def item(state: str, **more: Any) -> dict[str, Any]:
    return {"state": state, **EMPTY, **more}


ACK: Sent = ("ack", 200, item("starting"))
READS: tuple[Sent, Sent] = (("list", 200, item("starting")), ("get", 200, item("starting")))
WRITTEN = {"explored": "2.metadata"}
UPDATE: Sent = ("metadata", 200, item("queued", metadata=WRITTEN))
BEAT_200: Sent = ("heartbeat", 200, {"state": "active", "last_heartbeat": BEAT})
QUEUED: tuple[Sent, Sent] = (("list", 200, item("queued")), ("get", 200, item("queued")))

CASES: dict[str, tuple[tuple[Sent, ...], tuple[str, ...] | None]] = {
    "all is explained": ((*QUEUED, ACK, *READS), None),
    "a stop that two reads do not show": ((ACK, ("force-stop", 200, item("stopped")), *READS), ("stop",)),
    "an update that two reads do not show": ((*QUEUED, UPDATE, *QUEUED), ("update",)),
    "a get that is alone": ((*QUEUED, ACK, READS[0], ("get", 200, item("queued")), READS[0]), ("get",)),
    "a second first heartbeat": ((ACK, BEAT_200, BEAT_200), ("heartbeat",)),
    "a heartbeat that fails": ((ACK, ("heartbeat", 500, {})), ("heartbeat",)),
    "two reads that disagree": ((ACK, ("list", 200, item("active")), ("get", 200, item("starting"))), ("list",)),
    "a fresh poll of a delivered item": ((*QUEUED, ("poll-fresh", 200, item("queued"))), ("poll",)),
    "a stale list or a lost stop": (
        (ACK, ("force-stop", 200, item("stopped")), ("list", 200, item("starting"))),
        ("list", "stop"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_operations_that_may_be_at_fault(name: str) -> None:
    sent, expected = CASES[name]
    found = attribute(history(*sent))
    assert (None if found is None else tuple(sorted(found.operations))) == expected
    if found is not None and found.operation is not None:
        assert found.steps


def test_after_a_long_pause_a_lease_may_have_ended() -> None:
    sent = (ACK, BEAT_200, ("get", 200, item("queued", latest_heartbeat_at=BEAT)))
    assert attribute(history(*sent)) is not None
    assert attribute(history(*sent, pause=10.0)) is None
