"""Histories as a server makes them that takes requests one after the other, written without the model."""

from __future__ import annotations

import random
from dataclasses import replace

from conformance.contract.model import ItemState, ModelResponse, Operation
from conformance.linearizability.history import Event

SENT = (
    *(Operation("ack", "A"), Operation("ack", "A"), Operation("ack", "B"), Operation("redeliver", "B")),
    *(Operation("heartbeat"), Operation("stop"), Operation("force-stop")),
)


def served(rng: random.Random, *, least: int = 1, most: int = 7) -> tuple[ItemState, list[Event]]:
    """One item before a race, and so many requests with a get at the end."""
    phase, worker = rng.choice(("queued", "starting", "active")), "A"
    initial = ItemState(phase, worker)  # type: ignore[arg-type]
    events, seen = [], [(0.0, phase)]
    for number in range(rng.randint(least, most)):
        instant = number + 1.0
        invoked, completed = instant - rng.random() * 4, instant + rng.random() * 4
        operation = rng.choice(SENT)
        status, delivered = 200, None
        if operation.kind == "ack" and (operation.worker != worker or phase in ("stopping", "stopped")):
            status = 409
        elif operation.kind == "ack":
            phase = "starting" if phase == "queued" else phase
        elif operation.kind == "heartbeat" and phase in ("queued", "stopped"):
            status = 409
        elif operation.kind == "heartbeat":
            phase = "active" if phase == "starting" else phase
        elif operation.kind == "redeliver":
            delivered = phase == "queued"
            worker = "B" if delivered else worker
        else:
            drains = operation.kind == "stop" and phase in ("starting", "active")
            phase = "stopping" if drains else "stopped"
        seen.append((instant, phase))
        shown = None if operation.kind == "redeliver" else phase
        events.append(Event(f"e{number}", operation, ModelResponse(status, shown, delivered), invoked, completed))
        if rng.random() < 0.15:
            events[-1] = replace(events[-1], response=ModelResponse(None), completed=max(invoked, instant - 1))
    for index, each in enumerate(events):  # some 200s are written from a read just before the answer is sent
        if each.response.status == 200 and each.response.state is not None and rng.random() < 0.3:
            latest = [state for instant, state in seen if instant <= each.completed][-1]
            events[index] = replace(each, response=replace(each.response, state=latest))
    events.append(Event("get", Operation("get"), ModelResponse(200, phase), 90, 91))
    return initial, events
