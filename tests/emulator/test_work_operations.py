"""Heartbeat, stop, update metadata, get, list and stats over HTTP."""

from typing import Any

import pytest

from conformance.emulator.configuration import ServerConfig

from .api_driver import Api, HandClock, refusal
from .conversations import Conversation, hold


def test_the_first_heartbeat_makes_the_item_active(timed: Api, clock: HandClock) -> None:
    work = timed.work_in(timed.environment(), "starting")
    clock.advance(seconds=5, microseconds=120_394)
    answer = work.heartbeat(expected_last_heartbeat="NO_HEARTBEAT", desired_ttl_seconds=5)
    assert answer.json() == {
        "type": "work_heartbeat",
        "last_heartbeat": "2026-07-01T08:15:06.370394Z",
        "lease_extended": True,
        "state": "active",
        "ttl_seconds": 10,
    }
    item = work.show()
    assert item["latest_heartbeat_at"] == answer.json()["last_heartbeat"]
    assert (item["state"], item["started_at"]) == ("active", "2026-07-01T08:15:06Z")


def test_a_chain_of_heartbeats(timed: Api, clock: HandClock) -> None:
    work = timed.work_in(timed.environment(), "active")
    first = work.show()["latest_heartbeat_at"]
    clock.advance(seconds=1)
    second = work.heartbeat(expected_last_heartbeat=first).json()["last_heartbeat"]
    assert second > first
    lost = (412, "precondition_failed_error", "expected_last_heartbeat")
    assert refusal(work.heartbeat(expected_last_heartbeat=first)) == lost
    assert refusal(work.heartbeat(expected_last_heartbeat="NO_HEARTBEAT")) == lost
    assert work.show()["latest_heartbeat_at"] == second
    other_spelling = second.replace("Z", "000+00:00").replace("T", "t")
    assert work.heartbeat(expected_last_heartbeat=other_spelling).status_code == 200
    assert work.heartbeat().status_code == 200


def test_a_value_names_one_heartbeat_even_if_the_clock_stands_still_or_steps_back(timed: Api, clock: HandClock) -> None:
    work = timed.work_in(timed.environment(), "active")
    values = [work.show()["latest_heartbeat_at"]]
    for seconds in (0, -5):
        clock.advance(seconds=seconds)
        values.append(work.heartbeat(expected_last_heartbeat=values[-1]).json()["last_heartbeat"])
        assert values[-2] < values[-1] == work.show()["latest_heartbeat_at"]
        assert refusal(work.heartbeat(expected_last_heartbeat=values[-2]))[0] == 412


def test_a_stopping_item_may_still_beat(api: Api, environment: str) -> None:
    assert api.work_in(environment, "stopping").heartbeat().json()["state"] == "stopping"


@pytest.mark.parametrize("state", ["queued", "delivered", "stopped"])
def test_no_heartbeat_without_a_lease(api: Api, environment: str, state: str) -> None:
    answer = api.work_in(environment, state).heartbeat(expected_last_heartbeat="NO_HEARTBEAT")
    assert refusal(answer) == (409, "invalid_request_error", None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("desired_ttl_seconds", value) for value in ("0", "-5", "x", "1.5", "")),
        *(
            ("expected_last_heartbeat", value)
            for value in ("", "no_heartbeat", "2026-07-01", "2026-02-30T00:00:00Z", "2026-07-01T00:00:00")
        ),
    ],
)
def test_heartbeat_parameters(api: Api, environment: str, name: str, value: str) -> None:
    answer = api.work_in(environment, "starting").heartbeat(**{name: value})
    assert refusal(answer) == (400, "invalid_request_error", name)


@pytest.mark.parametrize("body", [None, {}, {"force": False}])
def test_a_graceful_stop_drains_first(timed: Api, clock: HandClock, body: dict[str, Any] | None) -> None:
    work = timed.work_in(timed.environment(), "active")
    first = work.stop(body).json()
    assert (first["state"], first["stop_requested_at"], first["stopped_at"]) == (
        "stopping",
        "2026-07-01T08:15:01Z",
        None,
    )
    clock.advance(seconds=1)
    second = work.stop(body).json()
    assert (second["state"], second["stopped_at"]) == ("stopped", "2026-07-01T08:15:02Z")
    assert work.stop(body).json() == work.stop({"force": True}).json() == second


def test_a_queued_item_stops_at_once(api: Api, environment: str) -> None:
    work = api.queue(environment)
    assert work.stop({}).json()["state"] == "stopped"
    assert api.poll(environment).json() is None


@pytest.mark.parametrize("state", ["queued", "delivered", "starting", "active", "stopping"])
def test_a_forced_stop_ends_every_live_item(api: Api, environment: str, state: str) -> None:
    assert api.work_in(environment, state).stop({"force": True}).json()["state"] == "stopped"


@pytest.mark.parametrize(
    ("body", "param"),
    [(b"{", None), (b"[]", None), (b"\xff", None), (b'{"force": 1}', "force"), (b'{"force": null}', "force")],
)
def test_stop_bodies(api: Api, environment: str, body: bytes, param: str | None) -> None:
    work = api.work_in(environment, "starting")
    answer = api.post(f"{work.path}/stop", content=body)
    assert refusal(answer) == (400, "invalid_request_error", param)
    assert work.show()["state"] == "starting"


@pytest.mark.parametrize("state", ["queued", "active", "stopped"])
def test_metadata_is_merged(api: Api, environment: str, state: str) -> None:
    work = api.work_in(environment, state)
    before = work.show()
    work.update(metadata={"a": "1", "b": "2"})
    after = work.update(metadata={"a": None, "c": "3", "nothing": None}).json()
    assert after == {**before, "metadata": {"b": "2", "c": "3"}} == work.show()
    assert work.update().json() == after


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"", None),
        (b"{", None),
        (b"null", None),
        (b'{"metadata": {"a": 1}}', "metadata"),
        (b'{"metadata": [1]}', "metadata"),
        (b'{"metadata": {"a": "\\ud800"}}', None),
        (b'{"metadata": {}, "x": NaN}', None),
        (b'{"metadata": {}, "x": 1e999}', None),
        (b'{"x": ' + b"9" * 5000 + b"}", None),
        (b"[" * 100_000, None),
        (b'{"metadata": {"%s": "v"}}' % (b"k" * 65), "metadata"),
        (b'{"metadata": {"k": "%s"}}' % (b"v" * 513), "metadata"),
    ],
)
def test_metadata_bodies(api: Api, environment: str, body: bytes, param: str | None) -> None:
    work = api.queue(environment)
    assert refusal(api.post(work.path, content=body)) == (400, "invalid_request_error", param)
    assert work.show()["metadata"] == {}


def test_metadata_has_at_most_sixteen_keys_after_the_merge(api: Api, environment: str) -> None:
    work = api.queue(environment)
    assert work.update(metadata={f"k{n}": "v" * 512 for n in range(16)}).status_code == 200
    assert refusal(work.update(metadata={"more": "v"}))[2] == "metadata"
    assert work.update(metadata={"more": "v", "k0": None}).status_code == 200


def test_stats_follow_an_item(timed: Api, clock: HandClock) -> None:
    environment = timed.environment()
    path = f"/environments/{environment}/work/stats"
    empty = {
        "type": "work_queue_stats",
        "depth": 0,
        "pending": 0,
        "oldest_queued_at": None,
        "workers_polling": 0,
    }
    assert timed.get(path).json() == empty
    works = [timed.queue(environment) for _ in range(2)]
    queued = {**empty, "oldest_queued_at": "2026-07-01T08:15:01Z"}
    assert timed.get(path).json() == {**queued, "depth": 2}
    timed.poll(environment)
    assert timed.get(path).json() == {**queued, "depth": 1, "pending": 1}
    timed.poll(environment, "w1")
    timed.poll(environment, "w2")
    assert timed.get(path).json() == {**queued, "pending": 2, "workers_polling": 2}
    works[0].ack()
    assert timed.get(path).json() == {**queued, "pending": 1, "workers_polling": 2}
    clock.advance(seconds=31)
    assert timed.get(path).json() == {**queued, "depth": 1}
    works[1].stop()
    assert timed.get(path).json() == empty


def test_stats_count_as_claimable_what_a_poll_would_deliver() -> None:
    """As on a server that never delivers an item again."""
    path = "/environments/{}/work/stats"

    async def talk(api: Conversation) -> None:
        environment = await api.environment()
        await api.delivered(environment)
        api.clock.advance(seconds=60)
        await api.step("stats", "GET", path.format(environment))

    def once(server_config: ServerConfig) -> ServerConfig:
        return server_config.override_policy(
            claimable=lambda found: lambda item, *rest: not item.delivered_at and found(item, *rest)
        )

    assert '"depth":1,"pending":0' in str(hold(talk)["stats"])
    assert '"depth":0,"pending":1' in str(hold(talk, once)["stats"])


def test_list_cursors(api: Api, environment: str) -> None:
    path = f"/environments/{environment}/work"
    ids = [api.queue(environment).id for _ in range(5)]
    assert ids == sorted(ids)

    def page(**query: Any) -> tuple[list[str], bool]:
        body = api.get(path, params=query).json()
        shown = [item["id"] for item in body["data"]]
        assert body["first_id"] == (shown[0] if shown else None)
        assert body["last_id"] == (shown[-1] if shown else None)
        assert body["next_page"] == (shown[-1] if body["has_more"] else None)
        return shown, body["has_more"]

    assert page() == (ids, False)
    assert page(limit=2) == (ids[:2], True)
    assert page(limit=2, page=ids[1]) == (ids[2:4], True)
    assert page(limit=2, page=ids[3]) == (ids[4:], False)
    assert page(after_id=ids[4]) == ([], False)
    assert page(limit=2, before_id=ids[4]) == (ids[2:4], True)
    assert page(limit=2, before_id=ids[2]) == (ids[:2], False)
    assert page(before_id=ids[0]) == ([], False)
    assert page(limit=100_000) == (ids, False)


def test_list_limit_defaults_to_20_and_is_capped_at_100(api: Api) -> None:
    agent, environment = api.agent(), api.environment()
    for _ in range(101):
        session = api.made("/sessions", {"agent": agent, "environment_id": environment})["id"]
        api.say(session)
    path = f"/environments/{environment}/work"
    assert len(api.get(path).json()["data"]) == 20
    assert len(api.get(path, params={"limit": 101}).json()["data"]) == 100


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"limit": ""}, "limit"),
        ({"page": "work_1", "before_id": "work_1"}, "before_id"),
        ({"page": "work_1", "after_id": "work_1"}, "after_id"),
        ({"before_id": "work_1", "after_id": "work_1"}, "after_id"),
    ],
)
def test_list_parameters(api: Api, environment: str, query: dict[str, str], param: str) -> None:
    answer = api.get(f"/environments/{environment}/work", params=query)
    assert refusal(answer) == (400, "invalid_request_error", param)
