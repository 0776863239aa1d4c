"""The model of one work item: its states, the operations on it, and what the suite reads of their responses.

`transitions.step` says which responses an operation may get in a state, and which states may follow. A history may
follow the value of the latest heartbeat and the metadata, or leave them untracked (the defaults).

Sources: Poll § Query parameters and notes; Stop § State transitions; Work schemas § Work item and § States.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias, get_args

from conformance.contract.lease import UNTRACKED, Lease

Phase: TypeAlias = Literal["queued", "starting", "active", "stopping", "stopped"]
OperationKind: TypeAlias = Literal["ack", "heartbeat", "stop", "force-stop", "redeliver", "update", "get", "anything"]

PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
"""The states in the order of an item's life: an item never moves back (Work schemas § States)."""

Metadata: TypeAlias = tuple[tuple[str, str], ...]
"""The metadata of an item, sorted by key."""

NOT_SHOWN: Final = ""
"""The value of a heartbeat that a response does not show."""

SHOWS: Final[Mapping[OperationKind, frozenset[str]]] = {
    "heartbeat": frozenset({"active", "stopping", "stopped"}),
    "stop": frozenset({"stopping", "stopped"}),
    "force-stop": frozenset({"stopped"}),
}
"""The states in which these operations can return 200, by their pages."""


@dataclass(frozen=True, slots=True)
class ItemState:
    """An item: its phase, and the Worker-ID that the target stored for it (None: polled without one).

    `delivered`: whether a poll has delivered it. `metadata` None: unknown, until a response shows them.
    """

    phase: Phase
    worker: str | None
    delivered: bool = True
    lease: Lease = UNTRACKED
    metadata: Metadata | None = None

    @property
    def untracked(self) -> ItemState:
        """The same state without the latest heartbeat and the metadata."""
        return replace(self, lease=UNTRACKED, metadata=None)


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

    - `redeliver` is a poll. With `reclaims` its `reclaim_older_than_ms` is 0, so it may deliver the item again;
      otherwise it is longer than the history.
    - `stop` is a graceful stop.
    - `update` merges `patch` into the metadata (None deletes the key).
    - `heartbeat` has the value `expected`; None: it is unconditional.
    - `anything` is not an operation of the API: it may leave the item in any phase, with any heartbeat and metadata, and
      assigned to one of `workers`.

    `judged`: a response that its page does not document is not allowed; otherwise it leaves the outcome unknown. `alone`
    is the undocumented behaviour of this operation when it runs alone; a history may show it too.
    """

    kind: OperationKind
    worker: str | None = None
    alone: tuple[UndocumentedBehaviour, ...] = ()
    expected: str | None = None
    patch: tuple[tuple[str, str | None], ...] = ()
    reclaims: bool = True
    judged: bool = False
    workers: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelResponse:
    """A response, reduced to what the model needs.

    `status` is None if the response was lost: the operation may or may not have happened. `state` is the state in the
    body, as the target wrote it, or None if it is not readable (other checks judge that). `delivered` is for polls only:
    whether the poll returned this item. Leave out an ack that got 429 or 503: it cannot have taken effect.

    `heartbeat` is the value that a heartbeat returned, or that an item shows (`NOT_SHOWN` if there is none to read, None
    for `null`). `metadata` None: not readable.
    """

    status: int | None
    state: str | None = None
    delivered: bool | None = None
    heartbeat: str | None = NOT_SHOWN
    metadata: Metadata | None = None
