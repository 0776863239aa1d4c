"""Each variant is seen to do what it says: one that did nothing would be green as well."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx
import pytest

from conformance.emulator.variants import VARIANTS
from tests.emulator.api_driver import Work
from tests.variants.variant_server import Send, Visit, overlapping, visiting
from tests.variants.work_operation_looks import WORK_LOOKS

Look = Callable[[Visit], bool]


def id_like(pattern: str) -> Look:
    return lambda visit: bool(re.fullmatch(pattern, visit.api.environment()))


def created_like(pattern: str) -> Look:
    return lambda visit: bool(re.fullmatch(pattern, visit.shown()["created_at"]))


def off_by(minutes: int) -> Look:
    return lambda visit: visit.instant(visit.shown()["created_at"]) == visit.clock.now + timedelta(minutes=minutes)


def dated(hours: int) -> Look:
    """The `Date` of a response is so many hours off the clock of this machine."""

    def look(visit: Visit) -> bool:
        moment = parsedate_to_datetime(visit.answered().headers["date"])
        return abs(moment - datetime.now(UTC) - timedelta(hours=hours)) < timedelta(seconds=5)

    return look


def behind(visit: Visit) -> bool:
    """A new item is not there at first, and then as it was a second ago."""
    work = visit.api.work_in(visit.api.environment(), "starting")
    found = [visit.api.get(work.path).status_code]
    visit.clock.advance(seconds=1)
    found.append(work.show()["state"])
    work.heartbeat()
    found.append(work.show()["state"])
    visit.clock.advance(seconds=1)
    return [*found, work.show()["state"]] == [404, "starting", "starting", "active"]


def dated_anew(visit: Visit) -> bool:
    work = visit.api.work_in(visit.api.environment(), "starting")
    before = work.show()["acknowledged_at"]
    visit.clock.advance(seconds=1)
    return work.ack("w1").status_code == 200 and work.show()["acknowledged_at"] > before


def recorded(visit: Visit) -> bool:
    work = visit.api.work_in(visit.api.environment(), "delivered", worker=None)
    return [work.ack(worker).status_code for worker in ("a", "b")] == [200, 409]


def acked(state: str, worker: str | None, status: int) -> Look:
    return lambda visit: visit.api.work_in(visit.api.environment(), state).ack(worker).status_code == status


def refused_when_archived(visit: Visit) -> bool:
    work = visit.api.work_in(visit.api.environment(), "delivered")
    visit.api.post(f"/environments/{work.environment}/archive")
    return work.ack("w1").status_code == 403


def strict(visit: Visit) -> bool:
    work = visit.api.work_in(visit.api.environment(), "delivered")
    odd = ({"content": b"{"}, {"json": {"a": 1}}, {"params": {"surprise": "1"}}, {"headers": {"Worker-ID": "x" * 65}})
    answers = [visit.api.post(f"{work.path}/ack", **each).status_code for each in odd]
    return answers == [400] * 4 and visit.api.post(f"{work.path}/ack", json={}).status_code == 200


def strict_scheme(visit: Visit) -> bool:
    answer = visit.api.get("/models", headers={"Authorization": f"bearer {visit.tokens.owner}"})
    return answer.status_code == 401 and visit.api.get("/models").status_code == 200


def not_again(visit: Visit) -> bool:
    work = visit.api.work_in(visit.api.environment(), "delivered")
    return visit.api.poll(work.environment, reclaim_older_than_ms=0).json() is None


async def queued(send: Send) -> str:
    """The path of a new item."""

    async def made(path: str, document: dict[str, object]) -> str:
        return str((await send("POST", path, json=document)).json()["id"])

    environment = await made("/environments", {"name": "e", "config": {"type": "self_hosted"}})
    agent = await made("/agents", {"name": "a", "model": "auto"})
    session = await made("/sessions", {"agent": agent, "environment_id": environment})
    message = {"type": "user.message", "content": [{"type": "text", "text": "Go."}]}
    await send("POST", f"/sessions/{session}/events", json={"events": [message]})
    [item] = (await send("GET", f"/environments/{environment}/work")).json()["data"]
    return f"/environments/{environment}/work/{item['id']}"


def overlapped(status: int, state: str | None) -> Look:
    """An ack during which the item is stopped."""

    def look(visit: Visit) -> bool:
        found: list[tuple[int, str | None]] = []

        async def talk(send: Send) -> None:
            path = await queued(send)
            ack, _ = await asyncio.gather(send("POST", f"{path}/ack"), send("POST", f"{path}/stop", json={}))
            found.append((ack.status_code, ack.json().get("state")))

        overlapping(visit, talk)
        return found == [(status, state)]

    return look


def made_with(status: int) -> Look:
    document = {"name": "e", "config": {"type": "self_hosted"}}
    return lambda visit: visit.api.post("/environments", json=document).status_code == status


def missing(path: str) -> Look:
    return lambda visit: visit.api.get(path).status_code == 404


def work_of_a_session(visit: Visit) -> bool:
    environment = visit.api.environment()
    visit.api.session(environment)
    return len(visit.api.get(f"/environments/{environment}/work").json()["data"]) == 1


def work_later(visit: Visit) -> bool:
    environment = visit.api.environment()
    visit.api.say(visit.api.session(environment))
    seen = []
    for _ in range(2):
        listed = visit.api.get(f"/environments/{environment}/work").json()
        seen.append((len(listed["data"]), visit.api.poll(environment).json() is not None))
        visit.clock.advance(seconds=3)
    return seen == [(0, False), (1, True)]


def managed(visit: Visit) -> bool:
    kinds = [{"name": "e", "config": {"type": kind}} for kind in ("cloud", "managed", "self_hosted")]
    return [visit.api.post("/environments", json=kind).status_code for kind in kinds] == [400, 201, 201]


def only_three(visit: Visit) -> bool:
    document = {"name": "e", "config": {"type": "self_hosted"}}
    made = [visit.api.post("/environments", json=document) for _ in range(4)]
    visit.api.post(f"/environments/{made[0].json()['id']}/archive")
    made.append(visit.api.post("/environments", json=document))
    return [answer.status_code for answer in made] == [201, 201, 201, 403, 201]


def no_waiting(visit: Visit) -> bool:
    """A poll that waits would see the item that is queued right after it began."""
    polled: list[object] = []

    async def talk(send: Send) -> None:
        path = await queued(send)
        place = path.rpartition("/")[0]
        await send("POST", f"{path}/stop", json={"force": True})
        [session] = (await send("GET", "/sessions")).json()["data"]
        message = {"type": "user.message", "content": [{"type": "text", "text": "Go."}]}
        poll, _ = await asyncio.gather(
            send("GET", f"{place}/poll", params={"block_ms": "999"}),
            send("POST", f"/sessions/{session['id']}/events", json={"events": [message]}),
        )
        polled.append(poll.json())

    overlapping(visit, talk)
    return polled == [None]


def kept(status: int, path: Callable[[Work], str]) -> Look:
    return lambda visit: visit.api.delete(path(visit.api.queue(visit.api.environment()))).status_code == status


def secret_on_poll(visit: Visit) -> bool:
    work = visit.api.queue(visit.api.environment())
    return bool(visit.api.poll(work.environment).json()["secret"]) and "secret" not in work.show()


def own_id(visit: Visit) -> bool:
    work = visit.api.work_in(visit.api.environment(), "stopped")
    return bool(visit.api.post(f"{work.path}/ack", headers={"x-request-id": "mine"}).json()["request_id"] != "mine")


def header_is(name: str, pattern: str) -> Look:
    return lambda visit: bool(re.fullmatch(pattern, visit.answered().headers.get(name, "")))


def written_as(pattern: bytes) -> Look:
    return lambda visit: bool(re.search(pattern, visit.answered().content))


def names_are(spelling: Callable[[bytes], bytes]) -> Look:
    return lambda visit: all(name == spelling(name) for name, _ in visit.answered().headers.raw)


def statuses(of: int, last: int) -> Look:
    """So many requests in a row, of which the last only is answered otherwise."""

    def look(visit: Visit) -> bool:
        found = [visit.answered().status_code for _ in range(of)]
        return found == [200] * (of - 1) + [last]

    return look


def lasts(seconds: float, requests: int) -> Look:
    def look(visit: Visit) -> bool:
        begun = time.monotonic()
        for _ in range(requests):
            visit.answered()
        return time.monotonic() - begun >= seconds

    return look


def reset(visit: Visit) -> bool:
    for _ in range(199):
        visit.answered()
    with pytest.raises(httpx.TransportError):
        visit.answered()
    return visit.answered().status_code == 200


def newest_first(visit: Visit) -> bool:
    environment = visit.api.environment()
    works = [visit.api.queue(environment).id for _ in range(3)]
    delivered = [visit.api.poll(environment).json()["id"] for _ in works]
    return delivered == works[::-1] and visit.api.poll(environment).json() is None


def beats_in_seconds(visit: Visit) -> bool:
    work = visit.api.work_in(visit.api.environment(), "starting")
    values = [work.heartbeat().json()["last_heartbeat"] for _ in range(2)]
    stale = work.heartbeat(expected_last_heartbeat=values[0]).status_code
    kept = work.heartbeat(expected_last_heartbeat=values[1]).status_code
    return (*values, stale, kept) == ("2026-07-01T08:15:01Z", "2026-07-01T08:15:02Z", 412, 200)


SEEN: Final[dict[str, Look]] = {
    **WORK_LOOKS,
    "ulids": id_like("env_[0-9A-HJKMNP-TV-Z]{26}"),
    "numbers": id_like("env_[0-9]{10}"),
    "uuids": id_like("env_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "long-ids": id_like("env_eu-central_[0-9a-f]{32}-Shard_[0-9a-f]{32}"),
    "ids-without-pattern": id_like("env_[0-9A-Za-z]{22}[0-9a-f]{0,6}"),
    "slow-clock": off_by(-10),
    "fast-clock": off_by(10),
    "hour-behind": lambda visit: off_by(-60)(visit) and dated(-1)(visit),
    "hour-ahead": lambda visit: off_by(60)(visit) and dated(1)(visit),
    "gateway-hour-behind": dated(-1),
    "gateway-hour-ahead": dated(1),
    "no-date": lambda visit: "date" not in visit.answered().headers,
    "acknowledged-at-refreshed": dated_anew,
    "polled-id-binds": acked("delivered", None, 409),
    "ack-records-worker": recorded,
    "worker-ids-in-any-case": acked("delivered", "W1", 200),
    "undelivered-refused": acked("queued", "w1", 409),
    "malformed-ids-400": lambda visit: Work(visit.api, visit.api.environment(), "work_1", "").ack().status_code == 400,
    "strangers-403": lambda visit: visit.foreign.get(f"/environments/{visit.api.environment()}").status_code == 403,
    "archived-refused": refused_when_archived,
    "strict-requests": strict,
    "strict-scheme": strict_scheme,
    "plain-405": lambda visit: visit.api.send("PATCH", "/models").text.startswith("<html>"),
    "never-delivers-again": not_again,
    "newest-first": newest_first,
    "heartbeats-in-seconds": beats_in_seconds,
    "lagging-get": behind,
    "rendered-late": overlapped(200, "stopping"),
    "conflict-when-overlapping": overlapped(409, None),
    "creates-with-200": made_with(200),
    "no-environment-list": missing("/environments"),
    "no-model-list": missing("/models"),
    "work-at-session": work_of_a_session,
    "work-after-3-s": work_later,
    "managed": managed,
    "three-environments": only_three,
    "polls-at-once": no_waiting,
    "environments-kept": kept(403, lambda work: f"/environments/{work.environment}"),
    "running-sessions-kept": kept(409, lambda work: f"/sessions/{work.session}"),
    "whole-seconds": created_like("2026-07-01T08:15:01Z"),
    "milliseconds": created_like("2026-07-01T08:15:01.250Z"),
    "nanoseconds": created_like("2026-07-01T08:15:01.250000123Z"),
    "any-digits": lambda visit: len({visit.shown()["created_at"] for _ in range(4)}) == 4,
    "offset-plus": created_like(r"2026-07-01T08:15:01.250000\+00:00"),
    "offset-minus": created_like("2026-07-01T08:15:01.250000-00:00"),
    "lower-case-times": created_like("2026-07-01t08:15:01.250000z"),
    "extra-fields": lambda visit: visit.shown()["priority"] == 1.5,
    "extra-metadata": lambda visit: visit.shown()["metadata"]["region"] == "eu",
    "secret-on-poll": secret_on_poll,
    "extra-error-fields": lambda visit: visit.refused()["code"] == 4711,
    "messages-in-chinese": lambda visit: "请求" in visit.refused()["error"]["message"],
    "param-null": lambda visit: visit.refused()["error"]["param"] is None,
    "request-id-its-own": own_id,
    "media-type-case": header_is("content-type", "Application/JSON"),
    "media-type-parameters": header_is("content-type", "application/json ;charset.*"),
    "reversed-keys": lambda visit: next(iter(visit.shown())) == "metadata",
    "escaped-strings": written_as(rb"^\{\"\\u0064\\u0061\\u0074\\u0061\":"),
    "white-space": written_as(rb'^\r\n\t\{\n   "data" :\t'),
    "gzip": header_is("content-encoding", "gzip"),
    "slow": lasts(0.4, 1),
    "uneven": lasts(0.05, 20),
    "too-many-requests": statuses(5, 429),
    "unavailable": statuses(80, 503),
    "bad-gateway": statuses(200, 502),
    "upper-case-headers": names_are(bytes.upper),
    "capitalised-headers": names_are(bytes.title),
    "many-headers": lambda visit: len(visit.answered().headers.raw) > 40,
    "no-reason-phrase": lambda visit: visit.answered().reason_phrase == "",
    "http-1.0": lambda visit: visit.answered().http_version == "HTTP/1.0",
    "chunked": header_is("transfer-encoding", "chunked"),
    "until-close": lambda visit: not visit.answered().headers.keys() & {"content-length", "transfer-encoding"},
    "early-hints": lambda visit: visit.raw_of_one().startswith(b"HTTP/1.1 103 "),
    "connection-closed": header_is("connection", "close"),
    "idle-closed": lambda visit: not visit.raw_of_one().endswith(b"(open)"),
    "segments": lambda visit: visit.wire.piece == 16,
    "reset": reset,
    "base-path": lambda visit: visit.base_url.endswith("/gateway/team-a") and visit.answered().status_code == 200,
    "ipv6": lambda visit: visit.base_url.startswith("http://[::1]:") and visit.answered().status_code == 200,
}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_seen(name: str) -> None:
    with visiting(name) as visit:
        assert SEEN[name](visit)


def test_there_is_a_look_at_every_variant() -> None:
    assert set(SEEN) == set(VARIANTS)


HEALTHY_TOO: Final = {"uneven", "segments"}
"""What chance, or the network, may bring about without the variant."""


@pytest.mark.parametrize("name", [name for name in VARIANTS if name not in HEALTHY_TOO])
def test_a_healthy_server_is_not_taken_for_it(name: str) -> None:
    with visiting(None) as visit:
        try:
            seen = SEEN[name](visit)
        except (KeyError, AssertionError, pytest.fail.Exception):
            seen = False
        assert not seen
