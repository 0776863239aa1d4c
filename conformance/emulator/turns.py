"""The turns of a session: from a message, through a worker's tool result, to the answer.

The pages on events and sessions say which events exist and what they mean; when exactly a self-hosted session calls a
tool is not documented. The emulator's rules::

    message                  -> session.status_running, user.message; the session is running
    ack of the work item     -> agent.tool_use, if the agent has a tool to call; otherwise the end
    result of the tool call  -> user.tool_result, then the end
    the end                  -> agent.message, session.status_idle with end_turn; the session is idle
    stop, cancel, interrupt  -> session.status_idle with cancelled, unless the session is idle already

All methods but `follow` are synchronous and therefore atomic.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from .agent_script import ANSWER, tool_call
from .clock import Clock
from .conversation import DELETED, TOOL_CALL, Conversation, HistoryEvent, Turn
from .errors import JsonObject, invalid_request
from .event_stream import COMMENT, frame
from .events import Event
from .ids import IdGenerator
from .long_polling import Notifier
from .store import Store
from .work import WorkItem

HEARTBEAT_SECONDS = 15.0
"""Pause after which a silent stream sends a comment. The pages give no number."""


@dataclass(frozen=True)
class Turns:
    """The conversations of all sessions."""

    store: Store
    clock: Clock
    mint: IdGenerator
    notifier: Notifier

    def check(self, session_id: str, events: Sequence[Event]) -> None:
        """Raise ApiError 400 for a result of a tool call that the session's agent never made."""
        conversation = self.store.conversation(session_id)
        for number, event in enumerate(events):
            if event.answers is not None and not conversation.asked(event.answers):
                raise invalid_request("The session has no such tool call.", f"events[{number}].{event.reference}")

    def take(self, session_id: str, event: Event) -> JsonObject:
        """Store a sent event, and finish the turn if it was the result that the agent waited for.

        Return the event as the response to its sender shows it. A second result of one call changes nothing.
        """
        conversation = self.store.conversation(session_id)
        turn, opening = conversation.turn, []
        if event.asks_for_work and turn is Turn.IDLE:
            turn, opening = Turn.WAITING, [self._event("session.status_running")]
        sent = self._event(event.type, event.fields)
        answered = event.answers in conversation.pending
        pending = conversation.pending - {event.answers} if event.answers else conversation.pending
        self._put(session_id, conversation.plus([*opening, sent], turn=turn, pending=pending))
        if answered and not pending:
            self._answer(session_id)
        return {"id": sent.id, "type": sent.type, **sent.fields, "processed_at": None}

    def begin(self, session_id: str) -> None:
        """Let the agent act, since somebody serves the session now. Nothing happens unless a message waits."""
        session, conversation = self.store.sessions.get(session_id), self.store.conversation(session_id)
        if session is None or conversation.turn is not Turn.WAITING:
            return
        environment = self.store.environments.get(session.environment_id)
        call = tool_call(session.agent) if environment is not None and environment.self_hosted else None
        if call is None:
            self._answer(session_id)
            return
        asking = self._event(TOOL_CALL, {"name": call.name, "input": dict(call.input), "evaluated_permission": "allow"})
        self._put(session_id, conversation.plus([asking], turn=Turn.CALLING, pending=frozenset({asking.id})))

    def begin_work(self, item: WorkItem) -> None:
        """Begin the turn that the item was queued for: a worker has acknowledged it."""
        if self._is_newest(item):
            self.begin(item.session_id)

    def end_work(self, item: WorkItem) -> None:
        """Break off the turn that the item was queued for: nobody serves the session any more."""
        conversation = self.store.conversation(item.session_id)
        if self._is_newest(item) and conversation.running:
            idle = self._event("session.status_idle", {"stop_reason": {"type": "cancelled"}})
            self._put(item.session_id, conversation.plus([idle], turn=Turn.IDLE, pending=frozenset()))

    def close(self, session_id: str) -> None:
        """Tell those who follow the session that it was deleted."""
        conversation = self.store.conversation(session_id)
        self._put(session_id, conversation.plus([self._event(DELETED)], turn=Turn.IDLE, pending=frozenset()))

    def follow(self, session_id: str, last_event_id: str | None) -> AsyncIterator[str]:
        """Return the stream of the events that follow ``last_event_id``; without it, or if unknown, of new ones.

        The stream ends when the session is deleted.
        """
        conversation = self.store.conversation(session_id)
        after = None if last_event_id is None else conversation.position_after(last_event_id)
        return self._frames(session_id, len(conversation.history) if after is None else after)

    async def _frames(self, session_id: str, position: int) -> AsyncIterator[str]:
        while True:
            conversation = self.store.conversation(session_id)
            for event in conversation.history[position:]:
                yield frame(event)
            position = len(conversation.history)
            if conversation.deleted:
                return
            if position == len(self.store.conversation(session_id).history):
                arrived = await self.notifier.wait(session_id, HEARTBEAT_SECONDS)
                if not arrived:
                    yield COMMENT

    def _answer(self, session_id: str) -> None:
        said = self._event("agent.message", {"content": [{"type": "text", "text": ANSWER}]})
        idle = self._event("session.status_idle", {"stop_reason": {"type": "end_turn"}})
        conversation = self.store.conversation(session_id)
        self._put(session_id, conversation.plus([said, idle], turn=Turn.IDLE, pending=frozenset()))

    def _event(self, kind: str, fields: JsonObject | None = None) -> HistoryEvent:
        return HistoryEvent(self.mint.new_id("evt_"), kind, fields or {}, self.clock())

    def _put(self, session_id: str, conversation: Conversation) -> None:
        self.store.conversations[session_id] = conversation
        self.notifier.announce(session_id)

    def _is_newest(self, item: WorkItem) -> bool:
        session = self.store.sessions.get(item.session_id)
        return session is not None and session.work_id == item.id
