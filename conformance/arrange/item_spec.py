"""What a scenario needs: a work item after certain transitions. The list of them is closed and documented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

LEASE_SECONDS: Final = 600
"""The longest documented lease."""

BLOCK_MS: Final = 999
"""The longest documented long poll."""

NEVER_RECLAIM_MS: Final = 86_400_000
"""A day: longer than any run, so a poll never receives an item that was delivered to another scenario."""

Transition = Literal["ack", "heartbeat", "stop", "force"]
"""One transition: what is done to an item after it was delivered."""

State = Literal["queued", "starting", "active", "stopping", "stopped"]
STATES: Final[tuple[str, ...]] = get_args(State)
"""The documented states, in the order of an item's life."""

LIVE_STATES: Final[Mapping[State, tuple[Transition, ...]]] = {
    "queued": (),
    "starting": ("ack",),
    "active": ("ack", "heartbeat"),
}
"""The states in which the owning worker's ack succeeds, each with the shortest way to it."""

StateMatch = Literal["id", "live", "over", "state"]
"""How strictly a scenario requires its item's state, as a GET shows it.

- `id`: any state; an id is enough.
- `live`: the required state, or an undocumented name of the target's own.
- `over`: `stopping` or `stopped`.
- `state`: exactly the required state.
"""

Place = Literal["main", "quiet", "own"]
"""One of the two self-hosted environments of a run, or one that the scenario creates for itself."""

StoppedBy = Literal["graceful", "drained", "forced"]
Origin = Literal["queued", "starting", "active"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSpec:
    """A delivered item after `transitions`. `named` says whether its poll carried a Worker-ID.

    `items` is how many such items the scenario needs (none: it needs an environment alone); `state_match` is how strictly it requires their state.
    """

    transitions: tuple[Transition, ...] = ()
    named: bool = True
    delivered: bool = True
    place: Place = "main"
    items: int = 1
    state_match: StateMatch = "state"

    def accepts_state(self, state: object) -> bool:
        """Return whether an item that a GET shows in that state is acceptable."""
        match self.state_match:
            case "id":
                return True
            case "live":
                return state == self.state or state not in STATES
            case "over":
                return state in {"stopping", "stopped"}
            case _:
                return state == self.state

    @property
    def state(self) -> State:
        """The state after the transitions (Stop work item § State transitions)."""
        state: State = "queued"
        for verb in self.transitions:
            state = _after(state, verb)
        return state

    @property
    def stopped_by(self) -> StoppedBy | None:
        """How a stopped item was stopped: gracefully while queued, drained, or by force."""
        if self.state != "stopped":
            return None
        if "force" in self.transitions:
            return "forced"
        return "graceful" if self.transitions == ("stop",) else "drained"

    @property
    def came_from(self) -> Origin | None:
        """The last state before the item was asked to stop; None if it was not."""
        if self.state not in {"stopping", "stopped"}:
            return None
        if "heartbeat" in self.transitions:
            return "active"
        return "starting" if "ack" in self.transitions else "queued"

    @property
    def needs_poll(self) -> bool:
        """Whether the suite must poll the item itself, because delivery is part of the scenario.

        This includes scenarios with several items, since the scenario assigns their workers itself, and those with an
        environment of their own.
        """
        return (self.place == "quiet" and self.delivered) or self.place == "own" or self.items > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A work item that belongs to one scenario.

    `worker` is the identity in its poll. `delivery_step` is the step whose response shows the item as delivered.
    """

    environment_id: str
    work_id: str
    place: Place
    worker: str | None
    delivery_step: str
    observed_body: dict[str, Any]

    @property
    def identity(self) -> dict[str, str | None]:
        """Return what a transcript records of it."""
        return {
            "worker": self.worker,
            "seen_by": self.delivery_step,
            "environment_id": self.environment_id,
            "work_id": self.work_id,
        }


def _after(state: State, verb: Transition) -> State:
    if verb == "ack":
        return "starting"
    if verb == "heartbeat":
        return "active"
    if verb == "stop" and state in {"starting", "active"}:
        return "stopping"
    return "stopped"
