"""Renders records as the JSON objects of the schemas pages, with keys in the order of the published examples."""

from datetime import datetime

from .clock import microseconds, whole_seconds
from .errors import JsonObject
from .records import Agent, Environment, Session
from .work import WorkItem


def _seconds_or_null(instant: datetime | None) -> str | None:
    return None if instant is None else whole_seconds(instant)


def render_work_item(item: WorkItem) -> JsonObject:
    """Return the work item object: twelve keys, with null for times that have not happened yet."""
    heartbeat_at = item.latest_heartbeat_at
    return {
        "id": item.id,
        "type": "work",
        "environment_id": item.environment_id,
        "data": {"type": "session", "id": item.session_id},
        "state": item.state.value,
        "created_at": whole_seconds(item.created_at),
        "acknowledged_at": _seconds_or_null(item.acknowledged_at),
        "started_at": _seconds_or_null(item.started_at),
        "latest_heartbeat_at": None if heartbeat_at is None else microseconds(heartbeat_at),
        "stop_requested_at": _seconds_or_null(item.stop_requested_at),
        "stopped_at": _seconds_or_null(item.stopped_at),
        "metadata": dict(item.metadata),
    }


def render_heartbeat(item: WorkItem, ttl_seconds: int) -> JsonObject:
    """Return the response to an accepted heartbeat of the item. ``ttl_seconds`` is the applied lease."""
    assert item.latest_heartbeat_at is not None
    return {
        "type": "work_heartbeat",
        "last_heartbeat": microseconds(item.latest_heartbeat_at),
        "lease_extended": True,
        "state": item.state.value,
        "ttl_seconds": ttl_seconds,
    }


def render_environment(environment: Environment) -> JsonObject:
    """Return the environment object."""
    return {
        "id": environment.id,
        "type": "environment",
        "name": environment.name,
        "description": environment.description,
        "config": dict(environment.config),
        "metadata": dict(environment.metadata),
        "archived_at": _seconds_or_null(environment.archived_at),
        "created_at": whole_seconds(environment.created_at),
        "updated_at": whole_seconds(environment.updated_at),
    }


def render_agent(agent: Agent) -> JsonObject:
    """Return the agent object."""
    return {
        "id": agent.id,
        "type": "agent",
        "name": agent.name,
        "model": agent.model,
        **agent.details,
        "metadata": dict(agent.metadata),
        "version": 1,
        "archived_at": _seconds_or_null(agent.archived_at),
        "created_at": whole_seconds(agent.created_at),
        "updated_at": whole_seconds(agent.updated_at),
    }


def render_session(session: Session, *, running: bool) -> JsonObject:
    """Return the session object. ``status`` is ``running`` until the agent's turn ends, else ``idle``.

    ``agent`` is the snapshot of the agent at the session's creation, with its tools and skills.
    """
    agent = session.agent
    return {
        "id": session.id,
        "type": "session",
        "agent": {
            "id": agent.id,
            "type": "agent",
            "version": 1,
            "name": agent.name,
            "model": agent.model,
            **agent.details,
        },
        "environment_id": session.environment_id,
        "title": session.title,
        "status": "running" if running else "idle",
        "metadata": dict(session.metadata),
        "resources": [],
        "archived_at": _seconds_or_null(session.archived_at),
        "created_at": whole_seconds(session.created_at),
        "updated_at": whole_seconds(session.updated_at),
    }
