"""All state of one server instance, in plain dictionaries.

Records are immutable and replaced whole. Every method is synchronous, so on one event loop each is atomic. Ids
ascend with creation, so insertion order is id order everywhere.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from .records import Agent, Environment, Session
from .work import State, WorkItem


class Store:
    """Environments, agents, sessions and work items by id; look-ups answer None for what is not there."""

    def __init__(self) -> None:
        self.environments: dict[str, Environment] = {}
        self.agents: dict[str, Agent] = {}
        self.sessions: dict[str, Session] = {}
        self._work: dict[str, dict[str, WorkItem]] = {}
        self._queued: dict[str, dict[str, WorkItem]] = {}
        self._polls: dict[str, dict[str, datetime]] = {}

    def put_work(self, item: WorkItem) -> WorkItem:
        """Stores a new item, or the new state of one."""
        self._work.setdefault(item.environment_id, {})[item.id] = item
        # Only queued items are ever searched, so that a poll stays quick after thousands of items.
        queued = self._queued.setdefault(item.environment_id, {})
        if item.state is State.QUEUED:
            queued[item.id] = item
        else:
            queued.pop(item.id, None)
        return item

    def work_item(self, environment_id: str, work_id: str) -> WorkItem | None:
        """An item of this environment; an item of another one is not there."""
        return self._work.get(environment_id, {}).get(work_id)

    def work_items(self, environment_id: str) -> list[WorkItem]:
        """All items of an environment, oldest first."""
        return list(self._work.get(environment_id, {}).values())

    def queued_items(self, environment_id: str) -> Iterator[WorkItem]:
        """The queued items of an environment, oldest first."""
        return iter(tuple(self._queued.get(environment_id, {}).values()))

    def drop_environment(self, environment_id: str) -> None:
        """Forgets an environment with all its work."""
        for held in (self.environments, self._work, self._queued, self._polls):
            held.pop(environment_id, None)

    def sessions_in(self, environment_id: str) -> list[Session]:
        """The sessions, archived ones too, that refer to an environment."""
        return [session for session in self.sessions.values() if session.environment_id == environment_id]

    def note_poll(self, environment_id: str, worker_id: str, now: datetime) -> None:
        """Remembers that a worker polled."""
        self._polls.setdefault(environment_id, {})[worker_id] = now

    def workers_polling(self, environment_id: str, now: datetime, window: timedelta) -> int:
        """How many different Worker-IDs polled within the window."""
        return sum(now - polled <= window for polled in self._polls.get(environment_id, {}).values())
