"""Environments, agents and sessions: the resources that work needs (by their resource pages).

All methods are synchronous and therefore atomic. They take parsed JSON documents and return records. They raise ApiError
for invalid input. A resource of another tenant counts as missing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from .clock import Clock
from .errors import JsonObject, conflict, invalid_request, not_found
from .events import Event, parse_events
from .ids import IdGenerator
from .parameters import new_metadata, optional_text, required_text
from .records import Agent, Environment, Session
from .store import Store
from .turns import Turns
from .work import State, WorkItem
from .work_queue import WorkQueue

_MAX_AGENT_NAME = 256
_AGENT_DETAILS: Mapping[str, Callable[[], object]] = {
    "description": str,
    "system": lambda: None,
    "tools": list,
    "mcp_servers": list,
    "skills": list,
}
_AGENT_LISTS = ("tools", "mcp_servers", "skills")

Owned = TypeVar("Owned", Environment, Agent, Session)


@dataclass(frozen=True)
class Resources:
    """The operations on environments, agents and sessions."""

    store: Store
    queue: WorkQueue
    turns: Turns
    clock: Clock
    mint: IdGenerator

    def create_environment(self, tenant: str, document: JsonObject) -> Environment:
        """Create an environment. Raises ApiError 400 for a missing name or a config of unknown type."""
        now = self.clock()
        environment = Environment(
            id=self.mint.new_id("env_"),
            tenant=tenant,
            name=required_text(document, "name"),
            description=optional_text(document, "description"),
            config=_environment_config(document),
            metadata=new_metadata(document),
            created_at=now,
            updated_at=now,
        )
        self.store.environments[environment.id] = environment
        return environment

    def archive_environment(self, environment: Environment) -> Environment:
        """Close an environment for new sessions; running ones continue. Raises ApiError 409 the second time."""
        if environment.archived_at is not None:
            raise conflict("The environment is already archived.")
        archived = self._archived(environment)
        self.store.environments[environment.id] = archived
        return archived

    def delete_environment(self, environment: Environment) -> None:
        """Remove an environment. Raises ApiError 409 while sessions refer to it."""
        if self.store.sessions_in(environment.id):
            raise conflict("Sessions refer to the environment; archive it instead.")
        self.store.drop_environment(environment.id)

    def create_agent(self, tenant: str, document: JsonObject) -> Agent:
        """Create an agent. Raises ApiError 400 for a missing or wrong name, model or list."""
        now = self.clock()
        agent = Agent(
            id=self.mint.new_id("agent_"),
            tenant=tenant,
            name=required_text(document, "name", maximum=_MAX_AGENT_NAME),
            model=_model(document),
            details=_agent_details(document),
            metadata=new_metadata(document),
            created_at=now,
            updated_at=now,
        )
        self.store.agents[agent.id] = agent
        return agent

    def agent(self, tenant: str, agent_id: str) -> Agent:
        """Return the tenant's agent. Raises ApiError 404."""
        return _owned(self.store.agents, tenant, agent_id, "agent", "agent_id")

    def archive_agent(self, agent: Agent) -> Agent:
        """Close an agent for new sessions. An archived agent does not change."""
        archived = agent if agent.archived_at is not None else self._archived(agent)
        self.store.agents[agent.id] = archived
        return archived

    def create_session(self, tenant: str, document: JsonObject) -> Session:
        """Create an idle session, without queued work.

        Raises ApiError 400 for invalid fields and an archived agent or environment, 404 for an unknown one.
        """
        agent = _owned(self.store.agents, tenant, _agent_id(document), "agent", "agent")
        environment_id = required_text(document, "environment_id")
        environment = _owned(self.store.environments, tenant, environment_id, "environment", "environment_id")
        if agent.archived_at is not None:
            raise invalid_request("The agent is archived.", "agent")
        if environment.archived_at is not None:
            raise invalid_request("The environment is archived.", "environment_id")
        for name in ("resources", "environment_variables"):
            if environment.self_hosted and document.get(name):
                raise invalid_request(f"A self-hosted environment does not support {name}.", name)
        now = self.clock()
        session = Session(
            id=self.mint.new_id("sess_"),
            tenant=tenant,
            agent=agent,
            environment_id=environment.id,
            title=optional_text(document, "title"),
            metadata=new_metadata(document),
            created_at=now,
            updated_at=now,
        )
        self.store.sessions[session.id] = session
        return session

    def session(self, tenant: str, session_id: str) -> Session:
        """Return the tenant's session. Raises ApiError 404."""
        return _owned(self.store.sessions, tenant, session_id, "session", "session_id")

    def running(self, session: Session) -> bool:
        """Return whether the session's agent has not finished its turn."""
        return self.store.conversation(session.id).running

    def archive_session(self, session: Session) -> Session:
        """Close a session for new events; its work continues."""
        archived = session if session.archived_at is not None else self._archived(session)
        self.store.sessions[session.id] = archived
        return archived

    def delete_session(self, session: Session) -> None:
        """Remove a session and stop its unfinished work item immediately."""
        self._stop_work(session, force=True)
        self.turns.close(session.id)
        del self.store.sessions[session.id]

    def cancel_session(self, session: Session) -> bool:
        """Ask the session's work to stop gracefully. Return False if it has none, or was asked already."""
        item = self._live_work(session)
        if item is None or item.state is State.STOPPING:
            return False
        self._stop_work(session, force=False)
        return True

    def send_events(self, session: Session, document: JsonObject) -> list[JsonObject]:
        """Accept events. A user message queues a work item if a self-hosted session has no live one.

        Raises ApiError 400 for malformed events, results of unknown tool calls, without accepting any of the events, and
        for an archived session.
        """
        events = parse_events(document)
        if session.archived_at is not None:
            raise invalid_request("The session is archived.", "session_id")
        self.turns.check(session.id, events)
        return [self._take(session.id, event) for event in events]

    def _take(self, session_id: str, event: Event) -> JsonObject:
        # Look the session up again for every event: the previous one may have queued work.
        session = self.store.sessions[session_id]
        accepted = self.turns.take(session_id, event)
        if event.asks_for_work:
            self._queue_work(session)
            if self._is_served(session):
                self.turns.begin(session_id)
        elif event.interrupts:
            self.cancel_session(session)
        return accepted

    def _is_served(self, session: Session) -> bool:
        """Return whether the agent may act at once: the cloud runs the session, or a worker has taken its work."""
        environment, item = self.store.environments.get(session.environment_id), self._live_work(session)
        if environment is None or not environment.self_hosted:
            return True
        return item is not None and item.state in (State.STARTING, State.ACTIVE)

    def _queue_work(self, session: Session) -> None:
        environment = self.store.environments.get(session.environment_id)
        if environment is not None and environment.self_hosted and self._live_work(session) is None:
            item = self.queue.enqueue(session)
            self.store.sessions[session.id] = replace(session, work_id=item.id, updated_at=item.created_at)

    def _live_work(self, session: Session) -> WorkItem | None:
        if session.work_id is None:
            return None
        item = self.store.work_item(session.environment_id, session.work_id)
        return item if item is not None and item.live else None

    def _stop_work(self, session: Session, *, force: bool) -> None:
        item = self._live_work(session)
        if item is not None:
            self.queue.stop(item.environment_id, item.id, force=force)

    def _archived(self, record: Owned) -> Owned:
        now = self.clock()
        return replace(record, archived_at=now, updated_at=now)


def _owned(records: Mapping[str, Owned], tenant: str, record_id: str, noun: str, param: str) -> Owned:
    record = records.get(record_id)
    if record is None or record.tenant != tenant:
        raise not_found(noun, param)
    return record


def _environment_config(document: JsonObject) -> Mapping[str, object]:
    config = document.get("config")
    if not isinstance(config, dict):
        raise invalid_request("The field config is required and must be an object.", "config")
    if config.get("type") not in ("self_hosted", "cloud"):
        raise invalid_request("config.type must be self_hosted or cloud.", "config.type")
    unsupported = {"networking", "packages"} & config.keys()
    if config["type"] == "self_hosted" and unsupported:
        raise invalid_request(
            "A self-hosted environment has no networking and no packages.", f"config.{min(unsupported)}"
        )
    return config


def _agent_details(document: JsonObject) -> dict[str, object]:
    """Return the optional fields of an agent; null means the default. The lists must hold objects."""
    details = {name: default() for name, default in _AGENT_DETAILS.items()}
    details |= {name: document[name] for name in details if document.get(name) is not None}
    for name in _AGENT_LISTS:
        value = details[name]
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise invalid_request(f"{name} must be an array of objects.", name)
    return details


def _model(document: JsonObject) -> object:
    """Return the model, which is an id or an object with an id."""
    model = document.get("model")
    named = model.get("id") if isinstance(model, dict) else model
    if not isinstance(named, str) or not named:
        raise invalid_request("The field model is required: an id, or an object with an id.", "model")
    return model


def _agent_id(document: JsonObject) -> str:
    """Return the agent's id, given as an id or an object with an id."""
    agent = document.get("agent")
    named = agent.get("id") if isinstance(agent, dict) else agent
    if not isinstance(named, str) or not named:
        raise invalid_request("The field agent is required: an id, or an object with an id.", "agent")
    return named
