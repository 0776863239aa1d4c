"""Races written by hand: which replies each step of a burst got, and what the GET after it shows."""

from __future__ import annotations

from typing import Any

from conformance.exchange import Outcome
from tests.scenario.transcript_builder import Dialog, begun, envelope, shown

CONFLICT = "invalid_request_error"
SAME, FOREIGN = "ack.race.same-worker", "ack.race.foreign-worker"
STOP, HEARTBEAT = "ack.race.stop", "ack.race.heartbeat"
REDELIVERY, LIVE = "ack.race.redelivery", "ack.race.not-delivered-again"
WORKER, OTHER = "conformance-0000000000a1", "conformance-0000000000b2"

Reply = int | str | Outcome | tuple[int, Any]
"""An answer in short: a status, the state of a 200, `unknown`, `fail`, or status and body."""


def reply(dialog: Dialog, step: str, said: Reply) -> None:
    match said:
        case "unknown" | "fail":
            dialog.unanswered(step, said)
        case str():
            dialog.said(step, 200, shown(said))
        case int():
            dialog.said(step, said, envelope(CONFLICT if said == 409 else "api_error"))
        case (status, body):
            dialog.said(step, status, body)


def race(
    scenario_id: str,
    burst: dict[str, Reply],
    after: str,
    *,
    phase: str = "queued",
    others: dict[str, tuple[str, str | None]] | None = None,
) -> Dialog:
    """A burst of these steps at one time, and the state that the get after it shows. `others` are not rightful acks."""
    dialog = begun(scenario_id)
    if phase != "queued":
        dialog.said("arrange.ack", 200, shown("starting"))
    dialog.said("before", 200, shown(phase))
    for step, said in burst.items():
        reply(dialog, step, said)
    dialog.together(*burst).said("after", 200, shown(after))
    operations = {step: (others or {}).get(step, ("ack", WORKER)) for step in burst}
    dialog.facts["race"] = {
        "phase": phase,
        "worker": WORKER,
        "operations": {step: {"kind": kind, "worker": who} for step, (kind, who) in operations.items()},
    }
    return dialog


def acks(*replies: Reply) -> dict[str, Reply]:
    return {f"ack.{number}": said for number, said in enumerate(replies, 1)}


def kinds(dialog: Dialog) -> set[str]:
    """Of every requirement of the case; what a history says nothing about is not exercised."""
    return set(dialog.kinds().values()) - {"not-exercised"}


def beside(other: str, burst: tuple[Reply, Reply, Reply], after: str, phase: str = "queued") -> Dialog:
    scenario_id = "race.heartbeat" if other == "heartbeat" else f"race.{other}.{phase}"
    kind = {"force": "force-stop"}.get(other, other)
    steps = dict(zip(("ack.1", "ack.2", other), burst, strict=True))
    return race(scenario_id, steps, after, phase=phase, others={other: (kind, None)})
