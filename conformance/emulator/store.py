"""All state of one server instance, in plain dictionaries.

Records are immutable and replaced as a whole. Every method is synchronous and therefore atomic on one event loop. Ids
ascend with creation, so insertion order is id order.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from .conversation import Conversation
from .records import Agent, Environment, Session
from .work import State, WorkItem


class Store:
    """Environments, agents, sessions with their events, and work items by id. Look-ups return None for missing ones."""

    def __init__(self) -> None:
        self.environments: dict[str, Environment] = {}
        self.agents: dict[str, Agent] = {}
        self.sessions: dict[str, Session] = {}
        self.conversations: dict[str, Conversation] = {}
        self._work: dict[str, dict[str, WorkItem]] = {}
        self._queued: dict[str, dict[str, WorkItem]] = {}
        self._polls: dict[str, dict[str, datetime]] = {}

    def conversation(self, session_id: str) -> Conversation:
        """Return the conversation of a session; a new one is empty."""
        return self.conversations.get(session_id) or Conversation()

    def put_work(self, item: WorkItem) -> WorkItem:
        """Store a new item, or the new state of an item."""
        self._work.setdefault(item.environment_id, {})[item.id] = item
        # Only queued items are searched, so that a poll stays fast after thousands of items.
        queued = self._queued.setdefault(item.environment_id, {})
        if item.state is State.QUEUED:
            queued[item.id] = item
        else:
            queued.pop(item.id, None)
        return item

    def work_item(self, environment_id: str, work_id: str) -> WorkItem | None:
        """Return an item of this environment, or None."""
        return self._work.get(environment_id, {}).get(work_id)

    def work_items(self, environment_id: str) -> list[WorkItem]:
        """Return all items of an environment, oldest first."""
        return list(self._work.get(environment_id, {}).values())

    def queued_items(self, environment_id: str) -> Iterator[WorkItem]:
        """Yield the queued items of an environment, oldest first."""
        return iter(tuple(self._queued.get(environment_id, {}).values()))

    def drop_environment(self, environment_id: str) -> None:
        """Remove an environment with all its work."""
        for table in (self.environments, self._work, self._queued, self._polls):
            table.pop(environment_id, None)

    def sessions_in(self, environment_id: str) -> list[Session]:
        """Return the sessions that refer to an environment, including archived ones."""
        return [session for session in self.sessions.values() if session.environment_id == environment_id]

    def note_poll(self, environment_id: str, worker_id: str, now: datetime) -> None:
        """Record that a worker polled."""
        self._polls.setdefault(environment_id, {})[worker_id] = now

    def workers_polling(self, environment_id: str, now: datetime, window: timedelta) -> int:
        """Return how many different Worker-IDs polled within the window."""
        return sum(now - polled <= window for polled in self._polls.get(environment_id, {}).values())
