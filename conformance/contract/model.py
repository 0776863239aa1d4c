"""The pure model of one work item: which answers an operation may get in which state, and what it leaves behind.

It is used where requests overlap, so that no single answer can be judged by itself: `orders.find_linearization` looks for an
order of the operations in which the model allows every answer. Where the docs leave an answer open, the model allows
each reading; it never guesses. It knows only items that a poll has delivered (the ack of an item that nobody polled
is not documented) and no leases (their expiry is not documented; a race is over long before).

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
"""In the order of an item's life: nothing ever moves back (Work schemas § States)."""

_GATEWAY: Final = frozenset({429, 502, 503, 504})
"""The network's or the gateway's words, never the item's."""

_DOCUMENTED: Final[Mapping[OperationKind, frozenset[int]]] = {
    "heartbeat": frozenset({200, 409, 412}),
    "stop": frozenset({200}),
    "force-stop": frozenset({200}),
    "redeliver": frozenset({200}),
    "update": frozenset({200}),
    "get": frozenset({200}),
    "anything": frozenset({200}),
}
"""What each page answers to a well-formed and authorised request for an item that exists. The ack is not in the
table: it is what is judged, so no answer of it is set aside."""

SHOWS: Final[Mapping[OperationKind, frozenset[str]]] = {
    "heartbeat": frozenset({"active", "stopping", "stopped"}),
    "stop": frozenset({"stopping", "stopped"}),
    "force-stop": frozenset({"stopped"}),
}
"""The states that a 200 of these operations can be about, by their pages."""

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
    """A delivered item: its phase, and the Worker-ID that the target holds for it (None: polled without one)."""

    phase: Phase
    worker: str | None


@dataclass(frozen=True, slots=True)
class Undocumented:
    """What one target does in a phase although no page says so, seen where nothing overlapped it.

    It responds with `status` and leaves the item in the phase `after`.
    """

    phase: Phase
    status: int
    after: Phase


@dataclass(frozen=True, slots=True)
class Operation:
    """One request about the item; `worker` is the Worker-ID it carries.

    `redeliver` is a poll with `reclaim_older_than_ms=0`, which may hand the item out again; `stop` is graceful;
    `update` changes the metadata. `anything` is no operation of the API: it may leave the item in any phase. `alone`
    is what the target also does when it gets this operation alone; in a history that is allowed.
    """

    kind: OperationKind
    worker: str | None = None
    alone: tuple[Undocumented, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelResponse:
    """What came back.

    `status` None: the answer was lost, the operation may or may not have happened. `state` is the state that the
    body shows, as the target wrote it; None: not readable (that is judged elsewhere). `delivered`, for polls only:
    whether this very item came back. An ack that was answered 429 or 503 surely did not happen: leave it out.
    """

    status: int | None
    state: str | None = None
    delivered: bool | None = None


def step(state: ItemState, operation: Operation, answer: ModelResponse, *, overlapped: bool) -> frozenset[ItemState]:
    """The states that are possible after `operation` took effect in `state` and was answered `answer`.

    Empty: the contract does not allow it. For an unknown outcome `state` itself is among them: it may not have
    happened. `overlapped` says that the request was under way together with another one that can change the item.
    Then an ack may also answer 409 and has no effect (Ack § Errors: the state changed concurrently), and a 200 may
    show a later state than the one that its own effect left. Only a history knows which later states the item really
    went through, so here any later one passes, and `orders.find_linearization` narrows it down.
    """
    if is_unknown(operation, answer):
        return _effects(state, operation) | {state} | _undocumented(state, operation)
    if _done_without_content(operation, answer):
        return _undocumented(state, operation, answer) or _effects(state, operation)
    if operation.kind == "redeliver":
        after = _delivered(state, operation.worker) if answer.delivered else frozenset({state})
    else:
        after = _allowed(state, operation, overlapped=overlapped).get(answer.status or 0, frozenset())
    after |= _undocumented(state, operation, answer)
    later = overlapped and operation.kind != "get"  # a get changes nothing: what it shows is its effect
    return frozenset(each for each in after if _may_show(answer, each.phase, later=later))


def is_unknown(operation: Operation, answer: ModelResponse) -> bool:
    """Whether `answer` leaves open if the operation happened.

    So does a lost answer, one of a gateway, and, for anything but the ack, an answer that the operation's page does
    not document for a sound request (409 from stop, 500, 404 for an item that exists): this suite judges the ack and
    does not hold another operation's faults against it.
    """
    if answer.status is None or answer.status in _GATEWAY:
        return True
    if operation.kind == "ack":
        return False
    if _done_without_content(operation, answer):
        return False
    if answer.status not in _DOCUMENTED[operation.kind]:
        return True
    if operation.kind == "redeliver":
        return answer.delivered is None
    shows = SHOWS.get(operation.kind)
    return shows is not None and answer.status == 200 and answer.state is not None and answer.state not in shows


def _done_without_content(operation: Operation, answer: ModelResponse) -> bool:
    """Whether a 204 says that the operation was done: the target also answered so where nothing overlapped it, and a
    get showed what had come of it."""
    return (
        operation.kind in SHOWS
        and answer.status == HTTPStatus.NO_CONTENT
        and any(each.status == HTTPStatus.NO_CONTENT for each in operation.alone)
    )


def shows_later(operation: Operation, answer: ModelResponse, after: Phase) -> bool:
    """Whether a 200 shows another state than `after`, the phase that the operation itself left behind."""
    if answer.status != 200 or answer.state is None or is_unknown(operation, answer):
        return False
    return answer.state != after


def _may_show(answer: ModelResponse, after: Phase, *, later: bool) -> bool:
    if answer.status != 200 or answer.state is None or answer.state == after:
        return True
    return later and answer.state in PHASES[PHASES.index(after) :]


def _effects(state: ItemState, operation: Operation) -> frozenset[ItemState]:
    """Everything that the operation may leave behind where it happens in `state`, whatever it answers."""
    if operation.kind == "redeliver":
        return _delivered(state, operation.worker)
    return frozenset().union(*_allowed(state, operation, overlapped=False).values())


def _undocumented(state: ItemState, operation: Operation, answer: ModelResponse | None = None) -> frozenset[ItemState]:
    """What the operation leaves behind in `state` as it does alone on this target; with whatever answer for None."""
    seen = [
        each
        for each in operation.alone
        if each.phase == state.phase and (answer is None or each.status == answer.status)
    ]
    if operation.kind == "redeliver":
        delivered = seen and (answer is None or answer.delivered)
        return frozenset({state, replace(state, worker=operation.worker)}) if delivered else frozenset()
    return frozenset(replace(state, phase=each.after) for each in seen)


def _allowed(state: ItemState, operation: Operation, *, overlapped: bool) -> Mapping[int, frozenset[ItemState]]:
    """The allowed statuses in `state`, and what each leaves behind."""
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
    """Ack § Headers and § Errors. A 409 never changes the item."""
    same = frozenset({state})
    claim = _claim(state.worker, worker)
    if claim == "foreign" or state.phase in ("stopping", "stopped"):
        return {409: same}
    moved = replace(state, phase="starting") if state.phase == "queued" else state
    won = {moved}
    if worker and not state.worker:
        won.add(replace(moved, worker=worker))  # whether such an ack makes the item that worker's is not said
    refusals = {409: same} if overlapped or claim == "open" else {}
    return {200: frozenset(won), **refusals}


def is_other_worker(stored: str | None, sent: str) -> bool:
    """Whether an item that the target holds for `stored` is surely another worker's than `sent` (ruling 7)."""
    return _claim(stored, sent) == "foreign"


def _claim(stored: str | None, sent: str | None) -> Literal["rightful", "foreign", "open"]:
    """Whose ack it is. Poll's notes compare the ids where both requests carry one; an absent (or empty) id on one
    side, and ids that differ in letter case alone, are left open by the pages."""
    if stored == sent:
        return "rightful"
    if not stored or not sent or stored.casefold() == sent.casefold():
        return "open"
    return "foreign"


def _heartbeat(state: ItemState, *, overlapped: bool) -> Mapping[int, frozenset[ItemState]]:
    """Heartbeat § Errors: 409 in `queued` and `stopped`; 412 where the expected value is another, in any state.

    What it answers in `stopping` is left open. A 409 in another state is not in its table; beside another request it
    is taken for what the ack page calls a concurrent change, not held against the item.
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
    """Poll § Query parameters: only a queued item is delivered again, and the poll's Worker-ID becomes the item's.

    Whether a poll without a Worker-ID wipes the one that an earlier poll left is not said.
    """
    if state.phase != "queued":
        return frozenset()
    return frozenset({replace(state, worker=worker)} if worker else {state, replace(state, worker=worker)})
