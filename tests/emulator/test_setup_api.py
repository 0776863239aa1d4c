"""Environments, agents, models, sessions and events."""

from typing import Any

import pytest

from .api_driver import Api, refusal


def test_environment_life(api: Api) -> None:
    made = api.made("/environments", {"name": "e", "config": {"type": "self_hosted"}, "metadata": {"suite": "x"}})
    path = f"/environments/{made['id']}"
    assert (made["type"], made["config"], made["archived_at"]) == ("environment", {"type": "self_hosted"}, None)
    assert api.get(path).json() == made
    assert api.get("/environments", params={"before_id": "env_z", "limit": 1}).json()["data"] == [made]
    assert api.post(f"{path}/archive").json()["archived_at"]
    assert refusal(api.post(f"{path}/archive"))[:2] == (409, "invalid_request_error")
    assert api.delete(path).json() == {"id": made["id"], "type": "environment_deleted"}
    assert refusal(api.get(path))[0] == refusal(api.get(f"{path}/work"))[0] == 404


def test_an_environment_with_sessions_stays(api: Api, environment: str) -> None:
    session = api.session(environment)
    assert refusal(api.delete(f"/environments/{environment}"))[:2] == (409, "invalid_request_error")
    assert api.delete(f"/sessions/{session}").status_code == 200
    assert api.delete(f"/environments/{environment}").status_code == 200


@pytest.mark.parametrize(
    ("document", "param"),
    [
        ({"config": {"type": "cloud"}}, "name"),
        ({"name": "", "config": {"type": "cloud"}}, "name"),
        ({"name": "e"}, "config"),
        ({"name": "e", "config": None}, "config"),
        ({"name": "e", "config": {}}, "config.type"),
        ({"name": "e", "config": {"type": "managed"}}, "config.type"),
        ({"name": "e", "config": {"type": "self_hosted", "packages": {}}}, "config.packages"),
        ({"name": "e", "config": {"type": "cloud"}, "metadata": {"a": None}}, "metadata"),
        ({"name": "e", "config": {"type": "cloud"}, "metadata": {str(n): "" for n in range(17)}}, "metadata"),
        ({"name": "e", "config": {"type": "cloud"}, "description": 1}, "description"),
    ],
)
def test_environment_fields(api: Api, document: dict[str, Any], param: str) -> None:
    assert refusal(api.post("/environments", json=document)) == (400, "invalid_request_error", param)


def test_agent_life(api: Api) -> None:
    made = api.made("/agents", {"name": "a", "model": {"id": "auto"}, "system": "Reply.", "tools": [{"type": "t"}]})
    path = f"/agents/{made['id']}"
    assert (made["type"], made["model"], made["version"]) == ("agent", {"id": "auto"}, 1)
    assert api.get(path).json() == made
    assert api.post(f"{path}/archive").json()["archived_at"]
    assert api.delete(path).status_code == 200
    assert refusal(api.get(path)) == (404, "not_found_error", "agent_id")


@pytest.mark.parametrize(
    ("document", "param"),
    [
        ({"model": "auto"}, "name"),
        ({"name": "a" * 257, "model": "auto"}, "name"),
        ({"name": "a"}, "model"),
        ({"name": "a", "model": {}}, "model"),
    ],
)
def test_agent_fields(api: Api, document: dict[str, Any], param: str) -> None:
    assert refusal(api.post("/agents", json=document)) == (400, "invalid_request_error", param)


def test_models(api: Api) -> None:
    models = api.get("/models").json()["data"]
    assert {model["id"] for model in models if model["is_enabled"]} >= {"auto"}


def test_session_life(api: Api, environment: str) -> None:
    agent = api.agent()
    made = api.made(
        "/sessions",
        {"agent": {"id": agent, "type": "agent"}, "environment_id": environment, "metadata": {"case": "1"}},
    )
    path = f"/sessions/{made['id']}"
    assert (made["type"], made["status"], made["agent"]["id"]) == ("session", "idle", agent)
    assert api.get(path).json() == made
    assert api.poll(environment).json() is None, "no work before the first message"
    assert api.say(made["id"]).json()["data"][0]["type"] == "user.message"
    assert api.get(path).json()["status"] == "running"
    work = api.poll(environment).json()
    assert (work["data"], work["metadata"]) == ({"type": "session", "id": made["id"]}, {"case": "1"})
    assert api.delete(path).json() == {"id": made["id"], "type": "session_deleted"}
    assert api.get(f"/environments/{environment}/work/{work['id']}").json()["state"] == "stopped"
    assert refusal(api.get(path)) == (404, "not_found_error", "session_id")


def test_a_session_has_one_live_work_item(api: Api, environment: str) -> None:
    work = api.queue(environment)
    api.say(work.session)
    listing = f"/environments/{environment}/work"
    assert len(api.get(listing).json()["data"]) == 1
    work.stop({"force": True})
    api.say(work.session)
    assert [item["state"] for item in api.get(listing).json()["data"]] == ["stopped", "queued"]


@pytest.mark.parametrize(("state", "after"), [("queued", "stopped"), ("active", "stopping")])
def test_cancelling_stops_the_work_gracefully(api: Api, environment: str, state: str, after: str) -> None:
    work = api.work_in(environment, state)
    answer = api.post(f"/sessions/{work.session}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (202, "canceling")
    assert work.show()["state"] == after
    assert api.get(f"/sessions/{work.session}").json()["status"] == "idle"
    assert api.post(f"/sessions/{work.session}/cancel").status_code == 200


def test_an_interrupt_cancels(api: Api, environment: str) -> None:
    work = api.queue(environment)
    api.post(f"/sessions/{work.session}/events", json={"events": [{"type": "user.interrupt"}]})
    assert work.show()["state"] == "stopped"


def test_an_archived_session_takes_no_events(api: Api, environment: str) -> None:
    work = api.queue(environment)
    assert api.post(f"/sessions/{work.session}/archive").json()["archived_at"]
    assert refusal(api.say(work.session))[0] == 400
    assert work.show()["state"] == "queued"


def test_a_cloud_session_queues_no_work(api: Api) -> None:
    session = api.session(api.environment("cloud"), resources=[{"type": "file"}])
    assert api.say(session).status_code == 202
    assert api.get(f"/sessions/{session}").json()["status"] == "idle"


def test_session_references(api: Api, environment: str) -> None:
    agent = api.agent()
    unknown = {"agent": "agent_x", "environment_id": environment}
    assert refusal(api.post("/sessions", json=unknown)) == (404, "not_found_error", "agent")
    unknown = {"agent": agent, "environment_id": "env_x"}
    assert refusal(api.post("/sessions", json=unknown)) == (404, "not_found_error", "environment_id")
    wanted = {"agent": agent, "environment_id": environment}
    for name, value in (("resources", [{}]), ("environment_variables", {"A": "b"})):
        answer = api.post("/sessions", json={**wanted, name: value})
        assert refusal(answer) == (400, "invalid_request_error", name)
    assert refusal(api.post("/sessions", json={"agent": agent}))[2] == "environment_id"
    assert refusal(api.post("/sessions", json={"environment_id": environment}))[2] == "agent"
    api.post(f"/environments/{environment}/archive")
    assert refusal(api.post("/sessions", json=wanted)) == (400, "invalid_request_error", "environment_id")


@pytest.mark.parametrize(
    ("document", "param"),
    [
        ({}, "events"),
        ({"events": []}, "events"),
        ({"type": "user.message", "content": [{"type": "text"}]}, "events"),
        ({"events": ["x"]}, "events[0].type"),
        ({"events": [{"type": "user.message", "content": "plain"}]}, "events[0].content"),
        ({"events": [{"type": "user.message", "content": []}]}, "events[0].content"),
        ({"events": [{"type": "user.message", "content": ["x"]}]}, "events[0].content"),
        ({"events": [{"type": "user.interrupt"}, {"type": "other"}]}, "events[1].type"),
        ({"events": [{"type": ["x"]}]}, "events[0].type"),
    ],
)
def test_event_bodies(api: Api, environment: str, document: dict[str, Any], param: str) -> None:
    session = api.session(environment)
    answer = api.post(f"/sessions/{session}/events", json=document)
    assert refusal(answer) == (400, "invalid_request_error", param)
    assert api.poll(environment).json() is None


@pytest.mark.parametrize("path", ["/environments", "/agents", "/sessions"])
def test_bodies_that_are_no_json_object(api: Api, path: str) -> None:
    for body in (b"", b"{", b"[]", b"\xff", b"NaN"):
        assert refusal(api.post(path, content=body)) == (400, "invalid_request_error", None)
