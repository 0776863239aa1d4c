"""The pure model of one work item: which responses an operation may get in a state, and which states may follow.

The suite uses it where requests overlap, because a response cannot be judged alone there. `search.find_linearization`
looks for an order of the operations in which the model allows every response. Where the docs leave a response open, the
model allows each reading. It covers only items that a poll has delivered: the ack of any other item is undocumented.
It has no leases: their expiry is undocumented, and a race ends long before.

Sources: Ack § Headers, § Errors and the sentences on retries; Poll § Query parameters and notes; Heartbeat § Errors;
Stop § State transitions; Work schemas § States.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final, Literal, TypeAlias, get_args

Phase: TypeAlias = Literal["queued", "starting", "active", "stopping", "stopped"]
OperationKind: TypeAlias = Literal["ack", "heartbeat", "stop", "force-stop", "redeliver", "update", "get", "anything"]

PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
"""The states in the order of an item's life: an item never moves back (Work schemas § States)."""

_GATEWAY: Final = frozenset({429, 502, 503, 504})
"""Statuses of the network or a gateway: they say nothing about the item."""

_DOCUMENTED: Final[Mapping[OperationKind, frozenset[int]]] = {
    "heartbeat": frozenset({200, 409, 412}),
    "stop": frozenset({200}),
    "force-stop": frozenset({200}),
    "redeliver": frozenset({200}),
    "update": frozenset({200}),
    "get": frozenset({200}),
    "anything": frozenset({200}),
}
"""The statuses that each page documents for a well-formed, authorised request for an existing item.

The ack is not in the table: the suite judges every response of it."""

SHOWS: Final[Mapping[OperationKind, frozenset[str]]] = {
    "heartbeat": frozenset({"active", "stopping", "stopped"}),
    "stop": frozenset({"stopping", "stopped"}),
    "force-stop": frozenset({"stopped"}),
}
"""The states in which these operations can return 200, by their pages."""

_STOP: Final[Mapping[Phase, Phase]] = {
    "queued": "stopped",
    "starting": "stopping",
    "active": "stopping",
    "stopping": "stopped",
    "stopped": "stopped",
}
"""Stop § State transitions, without force."""


@dataclass(frozen=True, slots=True)
class ItemState:
    """A delivered item: its phase, and the Worker-ID that the target stored for it (None: polled without one)."""

    phase: Phase
    worker: str | None


@dataclass(frozen=True, slots=True)
class UndocumentedBehaviour:
    """Undocumented behaviour of a target in a phase, observed while no other request overlapped.

    The target responds with `status` and leaves the item in the phase `after`.
    """

    phase: Phase
    status: int
    after: Phase


@dataclass(frozen=True, slots=True)
class Operation:
    """A request about the item. `worker` is its Worker-ID.

    `redeliver` is a poll with `reclaim_older_than_ms=0`, which may deliver the item again. `stop` is a graceful stop.
    `update` changes the metadata. `anything` is not an operation of the API: it may leave the item in any phase. `alone`
    is the undocumented behaviour of this operation when it runs alone; a history may show it too.
    """

    kind: OperationKind
    worker: str | None = None
    alone: tuple[UndocumentedBehaviour, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelResponse:
    """A response, reduced to what the model needs.

    `status` is None if the response was lost: the operation may or may not have happened. `state` is the state in the
    body, as the target wrote it, or None if it is not readable (other checks judge that). `delivered` is for polls only:
    whether the poll returned this item. Leave out an ack that got 429 or 503: it cannot have taken effect.
    """

    status: int | None
    state: str | None = None
    delivered: bool | None = None


def step(state: ItemState, operation: Operation, response: ModelResponse, *, overlapped: bool) -> frozenset[ItemState]:
    """Return the possible states after `operation` took effect in `state` and got `response`.

    Empty if the contract does not allow that. For an unknown outcome `state` itself is included, because the operation
    may not have happened. `overlapped`: the request overlapped another one that can change the item. Then an ack may
    also return 409 without effect (Ack § Errors: the state changed concurrently), and a 200 may show a later state than
    its own effect left. Here every later state is allowed, because only a history knows the states that the item went
    through. `search.find_linearization` checks them.
    """
    if is_unknown(operation, response):
        return _effects(state, operation) | {state} | _undocumented(state, operation)
    if _done_without_content(operation, response):
        return _undocumented(state, operation, response) or _effects(state, operation)
    if operation.kind == "redeliver":
        after = _delivered(state, operation.worker) if response.delivered else frozenset({state})
    else:
        after = _allowed(state, operation, overlapped=overlapped).get(response.status or 0, frozenset())
    after |= _undocumented(state, operation, response)
    later = overlapped and operation.kind != "get"  # a GET changes nothing: the state that it shows is its only effect
    return frozenset(each for each in after if _may_show(response, each.phase, later=later))


def is_unknown(operation: Operation, response: ModelResponse) -> bool:
    """Return whether `response` leaves open if the operation happened.

    That is true for a lost response and for one of a gateway. It is also true if another operation than the ack returns
    what its page does not document for a valid request (409 from stop, 500, 404 for an item that exists). The suite
    judges the ack and does not blame it for another operation's faults.
    """
    if response.status is None or response.status in _GATEWAY:
        return True
    if operation.kind == "ack":
        return False
    if _done_without_content(operation, response):
        return False
    if response.status not in _DOCUMENTED[operation.kind]:
        return True
    if operation.kind == "redeliver":
        return response.delivered is None
    shows = SHOWS.get(operation.kind)
    return shows is not None and response.status == 200 and response.state is not None and response.state not in shows


def _done_without_content(operation: Operation, response: ModelResponse) -> bool:
    """Return whether a 204 means that the operation took effect.

    It does if the target also returned 204 while nothing overlapped, and a GET then showed the effect.
    """
    return (
        operation.kind in SHOWS
        and response.status == HTTPStatus.NO_CONTENT
        and any(each.status == HTTPStatus.NO_CONTENT for each in operation.alone)
    )


def shows_later(operation: Operation, response: ModelResponse, after: Phase) -> bool:
    """Return whether a 200 shows another state than `after`, the phase that the operation itself left."""
    if response.status != 200 or response.state is None or is_unknown(operation, response):
        return False
    return response.state != after


def _may_show(response: ModelResponse, after: Phase, *, later: bool) -> bool:
    if response.status != 200 or response.state is None or response.state == after:
        return True
    return later and response.state in PHASES[PHASES.index(after) :]


def _effects(state: ItemState, operation: Operation) -> frozenset[ItemState]:
    """Return every state that may follow the operation in `state`, for any response."""
    if operation.kind == "redeliver":
        return _delivered(state, operation.worker)
    return frozenset().union(*_allowed(state, operation, overlapped=False).values())


def _undocumented(
    state: ItemState, operation: Operation, response: ModelResponse | None = None
) -> frozenset[ItemState]:
    """Return the states that follow in `state` from undocumented behaviour of this target; None: for any response."""
    seen = [
        each
        for each in operation.alone
        if each.phase == state.phase and (response is None or each.status == response.status)
    ]
    if operation.kind == "redeliver":
        delivered = seen and (response is None or response.delivered)
        return frozenset({state, replace(state, worker=operation.worker)}) if delivered else frozenset()
    return frozenset(replace(state, phase=each.after) for each in seen)


def _allowed(state: ItemState, operation: Operation, *, overlapped: bool) -> Mapping[int, frozenset[ItemState]]:
    """Return the allowed statuses in `state`, each with the states that may follow."""
    same = frozenset({state})
    match operation.kind:
        case "ack":
            return _ack(state, operation.worker, overlapped=overlapped)
        case "heartbeat":
            return _heartbeat(state, overlapped=overlapped)
        case "stop":
            return {200: frozenset({replace(state, phase=_STOP[state.phase])})}
        case "force-stop":
            return {200: frozenset({replace(state, phase="stopped")})}
        case "anything":
            return {200: frozenset(replace(state, phase=phase) for phase in PHASES)}
        case _:
            return {200: same}


def _ack(state: ItemState, worker: str | None, *, overlapped: bool) -> Mapping[int, frozenset[ItemState]]:
    """Return what an ack may do, by Ack § Headers and § Errors. A 409 never changes the item."""
    same = frozenset({state})
    claim = _claim(state.worker, worker)
    if claim == "foreign" or state.phase in ("stopping", "stopped"):
        return {409: same}
    moved = replace(state, phase="starting") if state.phase == "queued" else state
    won = {moved}
    if worker and not state.worker:
        won.add(replace(moved, worker=worker))  # no page says whether such an ack assigns the item to that worker
    refusals = {409: same} if overlapped or claim == "open" else {}
    return {200: frozenset(won), **refusals}


def is_other_worker(stored: str | None, sent: str) -> bool:
    """Return whether an item of worker `stored` certainly belongs to another worker than `sent`."""
    return _claim(stored, sent) == "foreign"


def _claim(stored: str | None, sent: str | None) -> Literal["owner", "foreign", "open"]:
    """Return whose ack it is.

    Poll's notes compare the ids if both requests carry one. The pages leave open a missing (or empty) id on one side,
    and ids that differ only in letter case.
    """
    if stored == sent:
        return "owner"
    if not stored or not sent or stored.casefold() == sent.casefold():
        return "open"
    return "foreign"


def _heartbeat(state: ItemState, *, overlapped: bool) -> Mapping[int, frozenset[ItemState]]:
    """Return what a heartbeat may do, by Heartbeat § Errors.

    That is 409 in `queued` and `stopped`, and 412 in any state if the expected value differs. The page leaves
    `stopping` open. A 409 in another state is not in its table. If another request overlaps, the model accepts such a
    409 as what the ack page calls a concurrent change.
    """
    same = frozenset({state})
    match state.phase:
        case "queued" | "stopped":
            return {409: same, 412: same}
        case "stopping":
            return {200: same, 409: same, 412: same}
        case _:
            refusals = {409: same, 412: same} if overlapped else {412: same}
            return {200: frozenset({replace(state, phase="active")}), **refusals}


def _delivered(state: ItemState, worker: str | None) -> frozenset[ItemState]:
    """Return what a redelivery may leave, by Poll § Query parameters.

    Only a queued item is delivered again, and it takes the poll's Worker-ID. No page says whether a poll without a
    Worker-ID clears the stored one.
    """
    if state.phase != "queued":
        return frozenset()
    return frozenset({replace(state, worker=worker)} if worker else {state, replace(state, worker=worker)})
