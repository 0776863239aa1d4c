"""What a case needs: a work item that went a certain way. The list of wants is closed and documented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

LEASE_SECONDS: Final = 600
"""The longest documented lease."""

Transition = Literal["ack", "heartbeat", "stop", "force"]
"""One step of a way: what is done to an item after it was delivered."""

State = Literal["queued", "starting", "active", "stopping", "stopped"]
STATES: Final[tuple[str, ...]] = get_args(State)
"""The documented states, in the order in which an item goes through them."""

StateMatch = Literal["id", "live", "over", "state"]
"""What a case needs of its item's state, as a get shows it.

- `id`: nothing; that the target gave it an id is enough.
- `live`: the wanted state, or a name of the target's own, which no page documents.
- `over`: `stopping` or `stopped`.
- `state`: exactly the wanted state.
"""

Place = Literal["main", "quiet"]
"""Which of the two self-hosted environments of a run."""

StoppedBy = Literal["graceful", "drained", "forced"]
Origin = Literal["queued", "starting", "active"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSpec:
    """An item that was delivered and then went `transitions`. `named` says whether its poll carried a Worker-ID.

    `items` is how many such items the case takes; `state_match` is what the case needs of its state.
    """

    transitions: tuple[Transition, ...] = ()
    named: bool = True
    delivered: bool = True
    place: Place = "main"
    items: int = 1
    state_match: StateMatch = "state"

    def accepts_state(self, state: object) -> bool:
        """Whether an item that a get shows in that state will do."""
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
        """The state at the end of the way (Stop work item § State transitions)."""
        state: State = "queued"
        for verb in self.transitions:
            state = _after(state, verb)
        return state

    @property
    def stopped_by(self) -> StoppedBy | None:
        """How a stopped item came to its end: stopped gracefully while queued, drained, or by force."""
        if self.state != "stopped":
            return None
        if "force" in self.transitions:
            return "forced"
        return "graceful" if self.transitions == ("stop",) else "drained"

    @property
    def came_from(self) -> Origin | None:
        """The last state before the item was asked to stop; None where it was not."""
        if self.state not in {"stopping", "stopped"}:
            return None
        if "heartbeat" in self.transitions:
            return "active"
        return "starting" if "ack" in self.transitions else "queued"

    @property
    def needs_poll(self) -> bool:
        """Whether the case takes part in delivering: only whoever polls can hold it.

        So does one of several items, whose workers the case itself pairs with them.
        """
        return (self.place == "quiet" and self.delivered) or self.items > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A work item that is a case's own.

    `worker` is the identity that its poll carried. `delivery_step` is the step whose answer shows it as it was delivered.
    """

    environment_id: str
    work_id: str
    place: Place
    worker: str | None
    delivery_step: str
    seen: dict[str, Any]

    @property
    def identity(self) -> dict[str, str | None]:
        """What a transcript says of it."""
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
