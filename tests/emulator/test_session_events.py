"""The events of a session: their list in pages, and their stream."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from conformance.emulator import EmulatorServer, Tokens, create_app, turns
from conformance.emulator.configuration import ServerConfig
from conformance.emulator.response_edits import edit_responses, header

from .api_driver import PREFIX, Api, HandClock, Json, refusal

Frame = dict[str, str]


@contextmanager
def streaming(api: Api, session: str, path: str = "/stream", **headers: str) -> Iterator[Iterator[Frame]]:
    """The frames of a stream; a comment is a frame with the empty name."""
    headers = {"Authorization": f"Bearer {api.token}", **headers}
    with api.http.stream("GET", f"{PREFIX}/sessions/{session}/events{path}", headers=headers, timeout=5) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        yield frames(response.iter_lines())


def frames(lines: Iterator[str]) -> Iterator[Frame]:
    found: Frame = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            found[name] = value
        else:
            yield found
            found = {}


def listed(api: Api, session: str, **query: object) -> Json:
    response = api.get(f"/sessions/{session}/events", params={name: str(value) for name, value in query.items()})
    assert response.status_code == 200, response.text
    page: Json = response.json()
    return page


def ids(page: Json) -> list[str]:
    return [event["id"] for event in page["data"]]


@pytest.fixture
def session(api: Api, environment: str) -> str:
    """A session with four events."""
    work = api.queue(environment)
    work.ack()
    return work.session


def test_pages(api: Api, session: str) -> None:
    whole = listed(api, session)
    assert [event["type"] for event in whole["data"]] == [
        "session.status_running",
        "user.message",
        "agent.message",
        "session.status_idle",
    ]
    every = ids(whole)
    assert (whole["first_id"], whole["last_id"], whole["has_more"], whole["next_page"]) == (
        every[0],
        every[3],
        False,
        None,
    )
    first = listed(api, session, limit=3)
    assert (ids(first), first["has_more"], first["next_page"]) == (every[:3], True, every[2])
    assert ids(listed(api, session, limit=3, page=first["next_page"])) == every[3:]
    assert ids(listed(api, session, after_id=every[1])) == every[2:]
    assert ids(listed(api, session, before_id=every[2], limit=1)) == [every[1]]
    assert ids(listed(api, session, order="desc", limit=2)) == [every[3], every[2]]
    assert ids(listed(api, session, order="desc", page=every[2])) == [every[1], every[0]]
    assert ids(listed(api, session, types="user.message, agent.message")) == every[1:3]
    assert ids(listed(api, session, types="no.such_type")) == []
    repeated = api.get(f"/sessions/{session}/events", params=[("types[]", "user.message"), ("types[]", "x")])
    assert ids(repeated.json()) == [every[1]]


def test_times(timed: Api, clock: HandClock) -> None:
    session = timed.session(timed.environment("cloud"))
    timed.say(session)
    clock.advance(seconds=1)
    timed.say(session)
    every = listed(timed, session)["data"]
    early, late = every[0]["processed_at"], every[4]["processed_at"]
    assert (early, late) == ("2026-07-01T08:15:01.250000Z", "2026-07-01T08:15:02.250000Z")
    for name, count in (("gt", 4), ("gte", 8), ("lt", 0), ("lte", 4)):
        assert len(listed(timed, session, **{f"created_at[{name}]": early})["data"]) == count


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"order": "up"}, "order"),
        ({"page": "evt_x"}, None),
        ({"page": "evt_x", "after_id": "evt_x"}, "after_id"),
        ({"created_at[gt]": "yesterday"}, "created_at[gt]"),
    ],
)
def test_queries_that_are_refused(api: Api, session: str, query: dict[str, str], param: str | None) -> None:
    answer = api.get(f"/sessions/{session}/events", params=query)
    assert refusal(answer) == (400, "invalid_request_error", param)


def test_events_are_the_owners(api: Api, foreign: Api, session: str) -> None:
    for path in ("events", "events/stream"):
        assert refusal(foreign.get(f"/sessions/{session}/{path}")) == (404, "not_found_error", "session_id")
        assert refusal(Api(api.http, "pt-x").get(f"/sessions/{session}/{path}"))[0] == 401


@pytest.mark.parametrize(("path", "accept"), [("/stream", "*/*"), ("", "application/json, text/event-stream")])
def test_a_stream_begins_with_new_events(api: Api, session: str, path: str, accept: str) -> None:
    with streaming(api, session, path, accept=accept) as received:
        api.say(session)
        first, second = next(received), next(received)
    assert [first["event"], second["event"]] == ["session.status_running", "user.message"]
    (shown,) = listed(api, session, after_id=first["id"], limit=1)["data"]
    assert (second["id"], json.loads(second["data"])) == (shown["id"], shown)


def test_a_stream_resumes_and_ends_with_the_session(api: Api, session: str) -> None:
    every = ids(listed(api, session))
    with streaming(api, session, **{"Last-Event-ID": every[1]}) as received:
        assert [next(received)["id"], next(received)["id"]] == every[2:]
        api.delete(f"/sessions/{session}")
        assert [frame["event"] for frame in received] == ["session.deleted"]


def test_a_silent_stream_sends_comments(api: Api, session: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "HEARTBEAT_SECONDS", 0.05)
    with streaming(api, session, **{"Last-Event-ID": "evt_x"}) as received:
        assert next(received) == next(received) == {"": "heartbeat"}


def test_wrappers_do_not_hold_a_stream_back(tokens: Tokens) -> None:
    app = ServerConfig().with_wrapper(edit_responses(header("x-edited", "yes"))).build(tokens)
    with EmulatorServer(app) as server, httpx.Client(base_url=server.base_url, trust_env=False) as client:
        api = Api(client, tokens.owner)
        session = api.session(api.environment("cloud"))
        assert api.get(f"/sessions/{session}").headers["x-edited"] == "yes"
        with streaming(api, session) as received:
            api.say(session)
            assert next(received)["event"] == "session.status_running"


def test_stop_does_not_wait_for_streams(tokens: Tokens, capfd: pytest.CaptureFixture[str]) -> None:
    with (
        ThreadPoolExecutor(1) as pool,
        EmulatorServer(create_app(tokens=tokens)) as server,
        httpx.Client(base_url=server.base_url, trust_env=False) as client,
    ):
        api = Api(client, tokens.owner)
        with streaming(api, api.session(api.environment())) as received:
            waiting = pool.submit(lambda: list(received))
            time.sleep(0.05)
            before = time.monotonic()
            server.stop()
            assert time.monotonic() - before < 10, "the stream itself would last for ever"
            assert waiting.exception() is not None or waiting.result() == []
    assert capfd.readouterr() == ("", "")
