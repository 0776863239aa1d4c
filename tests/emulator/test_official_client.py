"""The official Python client (qca-sdk) takes a work item through its whole life, and serves its session."""

import itertools
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from qca.common._exceptions import ConflictError, NotFoundError
from qca.managed import Managed

from conformance.emulator import EmulatorServer, Tokens, create_app

from .api_driver import PREFIX


@pytest.fixture
def client() -> Iterator[Managed]:
    tokens = Tokens.generate()
    with (
        EmulatorServer(create_app(tokens=tokens)) as server,
        httpx.Client(trust_env=False) as http,
        Managed(pat=tokens.owner, base_url=server.base_url + PREFIX, http_client=http) as managed,
    ):
        yield managed


def queued_session(client: Managed, **agent_fields: Any) -> tuple[str, str]:
    environment = client.environments.create(name="e", config={"type": "self_hosted"})
    agent = client.agents.create(name="a", model="auto", system="Reply with one word.", **agent_fields)
    assert environment.id
    assert agent.id
    session = client.sessions.create(agent=agent.id, environment_id=environment.id, metadata={"case": "1"})
    assert session.id
    sent = client.sessions.events.send(
        session.id, events=[{"type": "user.message", "content": [{"type": "text", "text": "Say OK."}]}]
    )
    assert sent.data
    return environment.id, session.id


def test_the_life_of_a_work_item(client: Managed) -> None:
    environment, session = queued_session(client)
    works = client.environments.work
    polled = works.poll(environment, block_ms=500, worker_id="w1")
    assert polled is not None
    assert polled.id
    assert polled.data is not None
    assert (polled.state, polled.data.id, polled.metadata) == ("queued", session, {"case": "1"})
    assert works.poll(environment, worker_id="w1") is None
    assert works.stats(environment).pending == 1

    with pytest.raises(ConflictError) as conflict:
        works.ack(polled.id, environment_id=environment, extra_headers={"Worker-ID": "w2"})
    assert conflict.value.type == "invalid_request_error"
    assert conflict.value.request_id
    acked = works.ack(polled.id, environment_id=environment)
    assert (acked.state, acked.started_at) == ("starting", None)
    assert acked.acknowledged_at

    first = works.heartbeat(polled.id, environment_id=environment, expected_last_heartbeat="NO_HEARTBEAT")
    assert (first.state, first.ttl_seconds, first.lease_extended) == ("active", 60, True)
    again = works.heartbeat(
        polled.id,
        environment_id=environment,
        expected_last_heartbeat=first.last_heartbeat,
        desired_ttl_seconds=600,
    )
    assert again.ttl_seconds == 600

    updated = works.update(polled.id, environment_id=environment, metadata={"case": None, "worker": "w1"})
    assert updated.metadata == {"worker": "w1"}
    assert [item.id for item in works.list(environment, limit=1).data] == [polled.id]
    assert works.retrieve(polled.id, environment_id=environment).state == "active"
    assert works.stop(polled.id, environment_id=environment).state == "stopping"
    assert works.stop(polled.id, environment_id=environment, force=True).state == "stopped"


def test_a_worker_serves_a_session(client: Managed) -> None:
    environment, session_id = queued_session(client, tools=[{"type": "agent_toolset_20260401"}])
    works, events = client.environments.work, client.sessions.events
    item = works.poll(environment, worker_id="w1")
    assert item is not None
    assert item.id
    works.ack(item.id, environment_id=environment)
    session = client.sessions.retrieve(session_id)
    assert (session.status, session.resources) == ("running", [])
    assert session.agent is not None
    assert (session.agent.skills, session.agent.mcp_servers) == ([], [])
    assert [tool.type for tool in session.agent.tools or []] == ["agent_toolset_20260401"]

    seen: list[tuple[str | None, str | None]] = []
    with events.stream(session_id) as stream:
        # The stream begins with new events; what came before is in the list.
        arriving: Iterator[Any] = itertools.chain(events.list(session_id, limit=1), stream)
        for event in arriving:
            works.heartbeat(item.id, environment_id=environment)
            seen.append((event.type, event.name))
            if event.type == "agent.tool_use":
                assert event.id
                assert event.input == {"pattern": "*"}
                events.send(
                    session_id,
                    events=[
                        {
                            "type": "user.tool_result",
                            "tool_use_id": event.id,
                            "content": [{"type": "text", "text": "a.txt"}],
                        }
                    ],
                )
            if event.type == "session.status_idle":
                assert event.stop_reason is not None
                assert event.stop_reason.type == "end_turn"
                break
    assert seen == [
        ("session.status_running", None),
        ("user.message", None),
        ("agent.tool_use", "glob"),
        ("user.tool_result", None),
        ("agent.message", None),
        ("session.status_idle", None),
    ]
    assert client.sessions.retrieve(session_id).status == "idle"
    assert works.stop(item.id, environment_id=environment, force=True).state == "stopped"


def test_a_stream_is_resumed(client: Managed) -> None:
    _, session_id = queued_session(client)
    first = client.sessions.events.list(session_id, limit=1).data[0]
    with client.sessions.events.resumable_stream(session_id, last_event_id=first.id) as stream:
        assert next(stream).type == "user.message"
        client.sessions.delete(session_id)
        assert [event.type for event in stream] == ["session.status_idle", "session.deleted"]


def test_pages_are_followed(client: Managed) -> None:
    environment, _ = queued_session(client)
    agent = client.agents.create(name="a", model="auto")
    assert agent.id
    for _ in range(4):
        session = client.sessions.create(agent=agent.id, environment_id=environment)
        assert session.id
        client.sessions.events.send(
            session.id, events=[{"type": "user.message", "content": [{"type": "text", "text": "Hi"}]}]
        )
    ids = [item.id for item in client.environments.work.list(environment, limit=2)]
    assert len(ids) == 5
    assert len(set(ids)) == 5


def test_cleaning_up(client: Managed) -> None:
    environment, session = queued_session(client)
    assert client.sessions.cancel(session).status == "canceling"
    assert client.sessions.delete(session).type == "session_deleted"
    assert client.environments.archive(environment).archived_at
    assert client.environments.delete(environment).type == "environment_deleted"
    with pytest.raises(NotFoundError):
        client.environments.retrieve(environment)
