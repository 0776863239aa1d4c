"""Histories of all operations as a server makes them that takes requests one after the other, written without the model."""

from __future__ import annotations

import random

from conformance.contract.lease import NO_HEARTBEAT, NO_LEASE
from conformance.contract.model import ItemState, ModelResponse, Operation
from conformance.linearizability.history import Event

TIMES = [f"2026-01-01T00:00:0{second}.5Z" for second in range(9)]


class Server:
    """One item. `worker` None: it was never delivered, or without a Worker-ID."""

    def __init__(self, *, delivered: bool) -> None:
        self.phase = "queued"
        self.delivered = delivered
        self.worker: str | None = "A" if delivered else None
        self.beats = 0
        self.metadata: dict[str, str] = {}

    @property
    def value(self) -> str | None:
        return TIMES[self.beats] if self.beats else None

    def shown(self, status: int = 200, delivered: bool | None = None) -> ModelResponse:
        return ModelResponse(status, self.phase, delivered, self.value, tuple(sorted(self.metadata.items())))

    def respond(self, operation: Operation) -> ModelResponse:
        match operation.kind:
            case "ack":
                foreign = None not in (self.worker, operation.worker) and self.worker != operation.worker
                if foreign or self.phase in ("stopping", "stopped"):
                    return ModelResponse(409)
                self.phase = "starting" if self.phase == "queued" else self.phase
            case "heartbeat":
                if self.phase in ("queued", "stopped"):
                    return ModelResponse(409)
                if operation.expected not in (None, self.value or NO_HEARTBEAT):
                    return ModelResponse(412)
                self.beats += 1
                self.phase = "active" if self.phase == "starting" else self.phase
                return ModelResponse(200, self.phase, heartbeat=str(self.value))
            case "stop" | "force-stop":
                drains = operation.kind == "stop" and self.phase in ("starting", "active")
                self.phase = "stopping" if drains else "stopped"
            case "update":
                patched = {**self.metadata, **dict(operation.patch)}
                self.metadata = {key: value for key, value in patched.items() if value is not None}
            case "redeliver":
                if self.phase != "queued" or (self.delivered and not operation.reclaims):
                    return ModelResponse(200, delivered=False)
                self.worker, self.delivered = operation.worker, True
                return self.shown(delivered=True)
        return self.shown()


def random_operation(rng: random.Random, number: int) -> Operation:
    """Any request of the API that is about an item."""
    return rng.choice(
        (
            Operation("ack", rng.choice("AAB")),
            Operation("heartbeat", expected=rng.choice([None, NO_HEARTBEAT, *TIMES[1:3]]), judged=True),
            Operation("heartbeat", expected=rng.choice([NO_HEARTBEAT, TIMES[1]]), judged=True),
            Operation("stop", judged=True),
            Operation("force-stop", judged=True),
            Operation("update", patch=(("k", rng.choice([str(number), None])),), judged=True),
            Operation("update", patch=(("other", str(number)),), judged=True),
            Operation("redeliver", rng.choice("AB"), reclaims=rng.random() < 0.5, judged=True),
            Operation("get", judged=True),
        )
    )


def served_work(rng: random.Random, *, most: int = 4, spread: float = 2.0) -> tuple[ItemState, list[Event]]:
    """One item, and up to so many requests with a GET at the end. Requests reach `spread` seconds around their instant."""
    server = Server(delivered=rng.random() < 0.7)
    initial = ItemState("queued", server.worker, server.delivered, NO_LEASE, rng.choice([(), None]))
    operations = [Operation("ack", "A")] * (server.delivered and rng.random() < 0.7)
    while len(operations) < rng.randint(min(most, 2), most):
        operations.append(random_operation(rng, len(operations)))
    events = []
    for number, operation in enumerate(operations):
        at = number + 1.0
        response = server.respond(operation)
        if rng.random() < 0.1:
            response = ModelResponse(None)
        events.append(Event(f"e{number}", operation, response, at - rng.random() * spread, at + rng.random() * spread))
    last = Operation("get", judged=True)
    return initial, [*events, Event("get", last, server.respond(last), 90, 91)]
