"""The transitions of the model of a work item: which responses an operation may get in a state, and which states follow.

The suite uses it where requests overlap, because a response cannot be judged alone there. `search.find_linearization`
looks for an order of the operations in which the model allows every response. Where the docs leave a response open, the
model allows each reading: the ack of an item that no poll delivered, a heartbeat of a `stopping` item, an update of a
stopped one. No lease ends in it: what happens then is undocumented, and a race ends long before.

Sources: Ack § Headers, § Errors and the sentences on retries; Poll § Query parameters and notes; Heartbeat § Query
parameters and § Errors; Update metadata § Request body; Stop § State transitions; Work schemas § States.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Final, Literal

from conformance.contract.lease import UNKNOWN, UNTRACKED, Lease
from conformance.contract.model import (
    NOT_SHOWN,
    PHASES,
    SHOWS,
    ItemState,
    Metadata,
    ModelResponse,
    Operation,
    OperationKind,
    Phase,
)

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

_STOP: Final[Mapping[Phase, Phase]] = {
    "queued": "stopped",
    "starting": "stopping",
    "active": "stopping",
    "stopping": "stopped",
    "stopped": "stopped",
}
"""Stop § State transitions, without force."""


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
        after = _delivered(state, operation) if response.delivered else _withheld(state, operation, response)
    else:
        allowed = _allowed(state, operation, response, overlapped=overlapped)
        after = allowed.get(response.status or 0, frozenset())
    after |= _undocumented(state, operation, response)
    later = overlapped and operation.kind != "get"  # a GET changes nothing: the state that it shows is its only effect
    after = frozenset(each for each in after if _may_show(response, each.phase, later=later))
    return after if overlapped else _with_shown_values(after, operation, response)


def _with_shown_values(
    states: frozenset[ItemState], operation: Operation, response: ModelResponse
) -> frozenset[ItemState]:
    """Return those of `states` that can show the heartbeat and the metadata of the response, which are known from then on."""
    found = states
    if response.heartbeat != NOT_SHOWN and operation.kind != "heartbeat":
        leases = ((each, each.lease.as_shown(response.heartbeat)) for each in found)
        found = frozenset(replace(each, lease=lease) for each, lease in leases if lease is not None)
    if response.metadata is not None:
        known = (each for each in found if each.metadata in (None, response.metadata))
        found = frozenset(replace(each, metadata=response.metadata) for each in known)
    return found


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
    if operation.judged and not (operation.kind == "redeliver" and response.status == 200):
        # Two pages name a change at the same time as the reason of a 409; of the others, none says what it means.
        return response.status == 409 and operation.kind != "heartbeat"
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
        return _delivered(state, operation)
    return frozenset().union(*_allowed(state, operation, _ANY_RESPONSE, overlapped=False).values())


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


_ANY_RESPONSE: Final = ModelResponse(None)


def _allowed(
    state: ItemState, operation: Operation, response: ModelResponse, *, overlapped: bool
) -> Mapping[int, frozenset[ItemState]]:
    """Return the allowed statuses in `state`, each with the states that may follow."""
    same = frozenset({state})
    match operation.kind:
        case "ack":
            return _ack(state, operation.worker, response, overlapped=overlapped)
        case "heartbeat":
            return _heartbeat(state, operation.expected, response.heartbeat, overlapped=overlapped)
        case "stop":
            return {200: frozenset({replace(state, phase=_STOP[state.phase])})}
        case "force-stop":
            return {200: frozenset({replace(state, phase="stopped")})}
        case "update":
            refused = _any_refusal(state, response) if state.phase == "stopped" else {}
            return {200: frozenset({replace(state, metadata=_merged(state.metadata, operation.patch))}), **refused}
        case "anything":
            return {200: _anything(state, operation.workers)}
        case _:
            return {200: same}


def _any_refusal(state: ItemState, response: ModelResponse) -> dict[int, frozenset[ItemState]]:
    """Return the response, if it is a client error, as a refusal without effect."""
    status = response.status
    return {status: frozenset({state})} if status is not None and 400 <= status < 500 else {}


def _merged(metadata: Metadata | None, patch: tuple[tuple[str, str | None], ...]) -> Metadata | None:
    """Return metadata after a merge patch; None if they are not known."""
    if metadata is None:
        return None
    merged = {**dict(metadata), **dict(patch)}
    return tuple(sorted((key, value) for key, value in merged.items() if value is not None))


def _anything(state: ItemState, workers: tuple[str | None, ...]) -> frozenset[ItemState]:
    lease = state.lease if state.lease == UNTRACKED else UNKNOWN
    return frozenset(
        ItemState(phase, worker, delivered, lease)
        for phase in PHASES
        for worker in {state.worker, *workers}
        for delivered in {state.delivered, True}
    )


def _ack(
    state: ItemState, worker: str | None, response: ModelResponse, *, overlapped: bool
) -> Mapping[int, frozenset[ItemState]]:
    """Return what an ack may do, by Ack § Headers and § Errors. A 409 never changes the item.

    No page says what an ack of a queued item does that was never delivered.
    """
    same = frozenset({state})
    claim = _claim(state.worker, worker)
    if claim == "foreign" or state.phase in ("stopping", "stopped"):
        return {409: same}
    moved = replace(state, phase="starting") if state.phase == "queued" else state
    won = {moved}
    if worker and not state.worker:
        won.add(replace(moved, worker=worker))  # no page says whether such an ack assigns the item to that worker
    refusals = {409: same} if overlapped or claim == "open" else {}
    if not state.delivered:
        refusals |= _any_refusal(state, response)
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


def _heartbeat(
    state: ItemState, expected: str | None, returned: str | None, *, overlapped: bool
) -> Mapping[int, frozenset[ItemState]]:
    """Return what a heartbeat may do, by Heartbeat § Query parameters and § Errors.

    That is 409 in `queued` and `stopped`, and 412 if the expected value differs. The page leaves `stopping` open. A 409
    in another state is not in its table. If another request overlaps, the model accepts such a 409 as what the ack page
    calls a concurrent change; the value returned may then be that of an overlapping heartbeat.
    """
    same = frozenset({state})
    renewed = {replace(state, lease=lease) for lease in _leases_after(state.lease, returned, overlapped=overlapped)}
    match state.phase:
        case "queued" | "stopped":
            return {409: same, 412: same}
        case "stopping":
            return {200: same | renewed, 409: same, 412: same}
    matches = state.lease.matches(expected)
    found: dict[int, frozenset[ItemState]] = {}
    if True in matches:
        found[200] = frozenset(replace(each, phase="active") for each in renewed)
    if False in matches:
        found[412] = same
    if overlapped:
        found[409] = same
    return found


def _leases_after(lease: Lease, returned: str | None, *, overlapped: bool) -> set[Lease]:
    if not returned:
        return {lease.renewed()}
    own = Lease("returned", returned)
    return {own, lease.renewed(returned)} if overlapped else {own}


def _delivered(state: ItemState, poll: Operation) -> frozenset[ItemState]:
    """Return what a delivery may leave, by Poll § Query parameters.

    Only a queued item is delivered, and again only if it was delivered longer than `reclaim_older_than_ms` ago. It takes
    the poll's Worker-ID. No page says whether a poll without a Worker-ID clears the stored one.
    """
    if state.phase != "queued" or (state.delivered and not poll.reclaims):
        return frozenset()
    assigned = replace(state, worker=poll.worker, delivered=True)
    return frozenset({assigned} if poll.worker else {replace(state, delivered=True), assigned})


def _withheld(state: ItemState, poll: Operation, response: ModelResponse) -> frozenset[ItemState]:
    """Return what a poll leaves that does not deliver the item, which no page forbids."""
    return frozenset() if poll.judged and response.status != 200 else frozenset({state})
