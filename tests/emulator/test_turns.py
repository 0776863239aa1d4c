"""The turns of a session: what its agent does when a message, a worker or a tool result comes."""

from typing import Any

import pytest

from .api_driver import Api, Json, Work, refusal

TOOLSET = {"type": "agent_toolset_20260401"}
ASKS = {"permission_policy": {"type": "always_ask"}}


def with_tools(api: Api, environment: str, *tools: Json) -> Work:
    """An item whose session's agent has these tools; nobody has polled it."""
    return api.queue(environment, agent=api.agent(tools=list(tools)))


def events(api: Api, session: str) -> list[Json]:
    listed: list[Json] = api.get(f"/sessions/{session}/events", params={"limit": 100}).json()["data"]
    return listed


def types(api: Api, session: str) -> list[str]:
    return [event["type"] for event in events(api, session)]


def status(api: Api, session: str) -> str:
    return str(api.get(f"/sessions/{session}").json()["status"])


def call_of(api: Api, session: str) -> Json:
    (call,) = [event for event in events(api, session) if event["type"] == "agent.tool_use"]
    return call


def result(api: Api, work: Work, call_id: str, **fields: Any) -> Any:
    sent = {"type": "user.tool_result", "tool_use_id": call_id, **fields}
    return api.post(f"/sessions/{work.session}/events", json={"events": [sent]})


def test_a_turn_with_a_tool_call(api: Api, environment: str) -> None:
    work = with_tools(api, environment, TOOLSET)
    opening = ["session.status_running", "user.message"]
    assert types(api, work.session) == opening, "the agent waits for a worker"
    assert api.poll(environment).json()["id"] == work.id
    assert types(api, work.session) == opening, "a delivered item is nobody's yet"
    work.ack()
    work.ack()
    assert types(api, work.session) == [*opening, "agent.tool_use"]
    call = call_of(api, work.session)
    assert (call["name"], call["input"], call["evaluated_permission"]) == ("glob", {"pattern": "*"}, "allow")
    assert status(api, work.session) == "running"

    accepted = result(api, work, call["id"], is_error=False, content=[{"type": "text", "text": "none"}])
    assert accepted.status_code == 202
    stored, said, idle = events(api, work.session)[3:]
    (shown,) = accepted.json()["data"]
    assert (shown["id"], shown["processed_at"]) == (stored["id"], None)
    assert (stored["type"], stored["tool_use_id"]) == ("user.tool_result", call["id"])
    assert (said["type"], said["content"]) == ("agent.message", [{"type": "text", "text": "OK."}])
    assert (idle["type"], idle["stop_reason"]) == ("session.status_idle", {"type": "end_turn"})
    assert status(api, work.session) == "idle"
    assert work.show()["state"] == "starting", "the worker ends its work itself"

    assert result(api, work, call["id"]).status_code == 202
    assert types(api, work.session)[6:] == ["user.tool_result"], "a second result changes nothing"
    work.stop({"force": True})
    assert len(types(api, work.session)) == 7


def test_a_message_to_a_served_session_is_answered_at_once(api: Api, environment: str) -> None:
    work = api.work_in(environment, "active")
    assert types(api, work.session)[2:] == ["agent.message", "session.status_idle"]
    api.say(work.session)
    assert types(api, work.session)[4:] == types(api, work.session)[:4]
    assert status(api, work.session) == "idle"


def test_a_message_during_a_turn_opens_no_second_one(api: Api, environment: str) -> None:
    work = with_tools(api, environment, TOOLSET)
    work.ack()
    api.say(work.session)
    assert types(api, work.session)[2:] == ["agent.tool_use", "user.message"]
    result(api, work, call_of(api, work.session)["id"])
    assert types(api, work.session)[4:] == ["user.tool_result", "agent.message", "session.status_idle"]


def test_a_cloud_session_is_answered_without_tools(api: Api) -> None:
    session = api.session(api.environment("cloud"), agent=api.agent(tools=[TOOLSET]))
    api.say(session)
    assert types(api, session)[1:] == ["user.message", "agent.message", "session.status_idle"]


@pytest.mark.parametrize("how", ["stop", "force", "cancel", "interrupt"])
def test_a_turn_is_broken_off(api: Api, environment: str, how: str) -> None:
    work = with_tools(api, environment, TOOLSET)
    work.ack()
    call = call_of(api, work.session)
    if how in ("stop", "force"):
        work.stop({"force": how == "force"})
    elif how == "cancel":
        assert api.post(f"/sessions/{work.session}/cancel").status_code == 202
    else:
        api.post(f"/sessions/{work.session}/events", json={"events": [{"type": "user.interrupt"}]})
    idle = events(api, work.session)[-1]
    assert (idle["type"], idle["stop_reason"]) == ("session.status_idle", {"type": "cancelled"})
    assert status(api, work.session) == "idle"
    result(api, work, call["id"])
    assert types(api, work.session)[-1] == "user.tool_result", "too late to be answered"
    work.stop({"force": True})
    assert types(api, work.session).count("session.status_idle") == 1


def test_an_older_item_does_not_end_a_newer_turn(api: Api, environment: str) -> None:
    work = api.queue(environment)
    work.stop()
    api.say(work.session)
    work.stop({"force": True})
    assert status(api, work.session) == "running"
    assert types(api, work.session)[2:] == ["session.status_idle", "session.status_running", "user.message"]


@pytest.mark.parametrize(
    ("toolset", "called"),
    [
        ({"enabled_tools": ["bash"]}, "bash"),
        ({"disallowed_tools": ["glob"]}, "bash"),
        ({"configs": [{"name": "glob", "enabled": False}]}, "bash"),
        ({"configs": [{"name": "glob", "type": "glob", **ASKS}]}, "bash"),
        ({"default_config": {"enabled": False}, "configs": [{"name": "bash", "enabled": True}]}, "bash"),
        ({"default_config": {"enabled": None}, "configs": None, "enabled_tools": None}, "glob"),
        ({"default_config": ASKS}, None),
        ({"enabled_tools": ["read", "write"]}, None),
        ({"type": "custom", "name": "glob"}, None),
    ],
)
def test_which_tool_the_agent_calls(api: Api, environment: str, toolset: Json, called: str | None) -> None:
    work = with_tools(api, environment, {**TOOLSET, **toolset})
    work.ack()
    names = [event["name"] for event in events(api, work.session) if event["type"] == "agent.tool_use"]
    assert names == ([called] if called else [])
    assert status(api, work.session) == ("running" if called else "idle")


@pytest.mark.parametrize(
    ("event", "param"),
    [
        ({"type": "user.tool_result"}, "events[1].tool_use_id"),
        ({"type": "user.tool_result", "tool_use_id": 1}, "events[1].tool_use_id"),
        ({"type": "user.tool_result", "tool_use_id": "evt_x", "content": "plain"}, "events[1].content"),
        ({"type": "user.tool_result", "tool_use_id": "evt_x"}, "events[1].tool_use_id"),
        ({"type": "user.custom_tool_result", "custom_tool_use_id": "evt_x"}, "events[1].custom_tool_use_id"),
    ],
)
def test_results_that_are_refused(api: Api, environment: str, event: Json, param: str) -> None:
    work = with_tools(api, environment, TOOLSET)
    work.ack()
    before = events(api, work.session)
    right = {"type": "user.tool_result", "tool_use_id": call_of(api, work.session)["id"]}
    answer = api.post(f"/sessions/{work.session}/events", json={"events": [right, event]})
    assert refusal(answer) == (400, "invalid_request_error", param)
    assert events(api, work.session) == before, "none of the events was accepted"


def test_a_session_shows_its_agent_as_it_was(api: Api, environment: str) -> None:
    skill = {"type": "custom", "skill_id": "skill_1", "version": "1"}
    agent = api.agent(tools=[TOOLSET], skills=[skill], system="Reply.", mcp_servers=None)
    session = api.session(environment, agent=agent)
    api.post(f"/agents/{agent}/archive")
    shown = api.get(f"/sessions/{session}").json()["agent"]
    assert (shown["id"], shown["type"], shown["version"]) == (agent, "agent", 1)
    assert (shown["tools"], shown["skills"], shown["mcp_servers"]) == ([TOOLSET], [skill], [])
    assert (shown["system"], shown["description"]) == ("Reply.", "")


@pytest.mark.parametrize("name", ["tools", "skills", "mcp_servers"])
@pytest.mark.parametrize("value", ["bash", {}, ["bash"]])
def test_lists_of_an_agent_hold_objects(api: Api, name: str, value: object) -> None:
    refused = api.post("/agents", json={"name": "a", "model": "auto", name: value})
    assert refusal(refused) == (400, "invalid_request_error", name)
