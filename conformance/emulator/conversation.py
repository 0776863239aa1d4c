"""The history of a session: its events in order, and whose turn it is.

Pages of session events: list, stream and send. A conversation is immutable and replaced as a whole, like all records.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, auto

from .clock import microseconds
from .errors import JsonObject

DELETED = "session.deleted"
TOOL_CALL = "agent.tool_use"


class Turn(Enum):
    """What the agent of a session does."""

    IDLE = auto()
    """It has answered, or nobody has said anything."""
    WAITING = auto()
    """It has a message to answer, and no worker serves the session yet."""
    CALLING = auto()
    """It waits for the result of a tool call."""


@dataclass(frozen=True)
class HistoryEvent:
    """An event as stored. ``fields`` are the fields of its type, without id, type and time."""

    id: str
    type: str
    fields: JsonObject
    at: datetime

    def render(self) -> JsonObject:
        """Return the event object of the list and the stream."""
        return {"id": self.id, "type": self.type, **self.fields, "processed_at": microseconds(self.at)}


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """The events of a session, oldest first. ``pending`` are the ids of the tool calls without a result."""

    history: tuple[HistoryEvent, ...] = ()
    turn: Turn = Turn.IDLE
    pending: frozenset[str] = field(default_factory=frozenset)

    @property
    def running(self) -> bool:
        """Whether the agent has not finished its turn."""
        return self.turn is not Turn.IDLE

    @property
    def deleted(self) -> bool:
        """Whether the session was deleted: no event will follow."""
        return bool(self.history) and self.history[-1].type == DELETED

    def asked(self, event_id: str) -> bool:
        """Return whether this is the id of a tool call of the session, with a result or not."""
        return any(event.id == event_id and event.type == TOOL_CALL for event in self.history)

    def position_after(self, event_id: str) -> int | None:
        """Return the position in the history that follows this event, or None for an unknown id."""
        positions = (number for number, event in enumerate(self.history, 1) if event.id == event_id)
        return next(positions, None)

    def plus(self, events: Iterable[HistoryEvent], *, turn: Turn, pending: frozenset[str]) -> "Conversation":
        """Return the conversation with more events, in another state."""
        return replace(self, history=(*self.history, *events), turn=turn, pending=pending)
