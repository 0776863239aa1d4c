"""The official Python client (qca-sdk) takes a work item through its whole life."""

from collections.abc import Iterator

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


def queued_session(client: Managed) -> tuple[str, str]:
    environment = client.environments.create(name="e", config={"type": "self_hosted"})
    agent = client.agents.create(name="a", model="auto", system="Reply with one word.")
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
