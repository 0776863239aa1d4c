"""A conversation for each operation about what its own page says."""

from __future__ import annotations

from itertools import permutations
from typing import Any, Final

from .conversations import Conversation, Talk, last_heartbeat, metadata

_WORKER: Final = {"Worker-ID": "w"}
_FORCE: Final = {"force": True}


async def _poll(api: Conversation) -> None:
    async def poll(step: str, environment: str, headers: dict[str, str] | None = None, **query: Any) -> None:
        await api.step(step, "GET", f"/environments/{environment}/work/poll", headers=headers or {}, params=query)

    earlier, own, empty, later = [await api.environment() for _ in range(4)]
    await poll("empty", own)
    work_id = await api.queue(own)
    await poll("first", own, _WORKER)
    await poll("within the window", own, {"Worker-ID": "x"})
    api.clock.advance(seconds=9)
    await poll("after the window", own, _WORKER)
    await poll("window of zero", own, _WORKER, reclaim_older_than_ms=0)
    item = f"/environments/{own}/work/{work_id}"
    for change, parts in (("ack", {"headers": _WORKER}), ("heartbeat", {}), ("stop", {}), ("stop", {})):
        await api.send("POST", f"{item}/{change}", **parts)
        state = (await api.send("GET", item)).json()["state"]
        await poll(f"of a {state} item", own, _WORKER, reclaim_older_than_ms=0)
    await api.queue(earlier)
    await poll("beside an earlier environment", empty, reclaim_older_than_ms=0)
    await api.queue(later)
    await poll("beside a later environment", empty, reclaim_older_than_ms=0)
    for value in ("0", "1000", "-1", "1.5", "ten", "1"):
        await poll(f"block_ms={value}", empty, block_ms=value)
    await poll("block_ms=999", later, block_ms=999)
    for value in ("-1", "ten", "0"):
        await poll(f"reclaim_older_than_ms={value}", empty, reclaim_older_than_ms=value)
    refused: tuple[dict[str, Any], ...] = ({"block_ms": "0"}, {"reclaim_older_than_ms": "-1"})
    for query in refused:
        waiting = await api.environment()
        await api.queue(waiting)
        await poll(f"refused for {query}", waiting, **query)
        await poll(f"after one refused for {query}", waiting)
    raced = await api.environment()
    work_id = await api.queue(raced)
    path = f"/environments/{raced}/work"
    await api.together("two polls", *[("GET", f"{path}/poll", {"headers": {"Worker-ID": w}}) for w in "vw"])
    again = {"headers": _WORKER, "params": {"reclaim_older_than_ms": 0}}
    await api.send("GET", f"{path}/poll", **again)
    await api.together("poll and stop", ("GET", f"{path}/poll", again), ("POST", f"{path}/{work_id}/stop", {}))
    await api.step("after the stop", "GET", f"{path}/{work_id}")


async def _list(api: Conversation) -> None:
    other, own, empty, small = [await api.environment() for _ in range(4)]
    await api.queue(other)
    ids = [await api.queue(own) for _ in range(22)]

    async def page(step: str, environment: str = own, **query: Any) -> Any:
        return await api.step(step, "GET", f"/environments/{environment}/work", params=query)

    await page("default")
    await page("all", limit=100)
    for limit in ("1", "3", "0", "-1", "ten", "101"):
        await page(f"limit={limit}", limit=limit)
    for one, two in permutations(("page", "after_id", "before_id"), 2):
        if one < two:
            await page(f"{one} and {two}", **{one: ids[3], two: ids[9]})
    await page("empty", empty)
    for cursor in ("page", "after_id"):
        for place in (4, 10):
            await page(f"{cursor} after {place}", limit=5, **{cursor: ids[place]})
    few = [await api.queue(small) for _ in range(3)]
    await page("few", small, limit=1)
    few += [await api.queue(small) for _ in range(3)]
    for place in range(5):
        await page(f"grown, after {place}", small, limit=1, page=few[place])
    await page("before 3", limit=100, before_id=ids[3])


async def _get(api: Conversation) -> None:
    own = await api.environment()
    path = await api.acked(own)
    for change in ("heartbeat", "stop", "stop"):
        await api.send("POST", f"{path}/{change}")
        await api.step(f"get {len(api.said)}", "GET", path)
    for token in ("pt-unknown", api.tokens.foreign):
        await api.send("GET", path, headers={"Authorization": f"Bearer {token}"})
        await api.step(f"after a refusal {len(api.said)}", "GET", path)


async def _update(api: Conversation) -> None:
    path = await api.acked(await api.environment())

    async def update(step: str, **parts: Any) -> None:
        await api.step(step, "POST", path, **parts)
        await api.step(f"after {step}", "GET", path)

    await update("upsert", **metadata(a="one", b="two"))
    await update("overwrite", **metadata(a="three"))
    await update("absent key", **metadata(x=None))
    await update("empty string", **metadata(b=""))
    await update("delete", **metadata(a=None))
    await update("nothing", json={})
    await update("broken", content=b'{"metadata": {"conformance-c": "3"')
    await update("number", **metadata(c="3", d=4))
    await api.together("two keys", *[("POST", path, metadata(**{key: "1"})) for key in ("p", "q")])
    await api.step("after two keys", "GET", path)


async def _heartbeat(api: Conversation) -> None:
    own = await api.environment()
    path = await api.acked(own)

    async def beat(step: str, item: str = path, **query: Any) -> Any:
        response = await api.step(step, "POST", f"{item}/heartbeat", params=query)
        await api.step(f"after {step}", "GET", item)
        return response

    first = last_heartbeat(await beat("first", expected_last_heartbeat="NO_HEARTBEAT"))
    second = last_heartbeat(await beat("as given", expected_last_heartbeat=first))
    await beat("unconditional")
    for step, value in (
        ("again the first", "NO_HEARTBEAT"),
        ("stale", second),
        ("future", "2030-01-01T00:00:00Z"),
        ("word", "yesterday"),
    ):
        await beat(step, expected_last_heartbeat=value)
    for ttl in ("0", "-1", "1.5", "ten", "5", "60", "600", "9999"):
        await beat(f"ttl {ttl}", desired_ttl_seconds=ttl)
    value = (await api.send("GET", path)).json()["latest_heartbeat_at"]
    same = {"params": {"expected_last_heartbeat": value}}
    await api.together("two with one value", *[("POST", f"{path}/heartbeat", same)] * 2)
    for body in (None, _FORCE):
        raced = await api.acked(own)
        await api.send("POST", f"{raced}/heartbeat")
        requests = [("POST", f"{raced}/heartbeat", {}), ("POST", f"{raced}/stop", {"json": body} if body else {})]
        await api.together(f"beside a stop, {body}", *requests)
        await api.step(f"after the stop, {body}", "GET", raced)
    for stops in (1, 2):
        await api.send("POST", f"{path}/stop")
        await beat(f"after {stops} stops")
    await beat("queued", f"/environments/{own}/work/{await api.queue(own)}")
    raced = await api.acked(own)
    value = last_heartbeat(await api.send("POST", f"{raced}/heartbeat"))
    await api.send("POST", f"{raced}/ack")
    await beat("after another ack", raced, expected_last_heartbeat=value)
    for step, value in (("a time at first", "2026-01-01T00:00:00Z"), ("none at first", "NO_HEARTBEAT")):
        await beat(step, path := await api.acked(own), expected_last_heartbeat=value)
    await api.send("POST", path, **metadata(a="one"))
    await beat("with metadata", path)


async def _stop(api: Conversation) -> None:
    own = await api.environment()

    async def stop(step: str, item: str, **parts: Any) -> None:
        await api.step(step, "POST", f"{item}/stop", **parts)
        await api.step(f"after {step}", "GET", item)

    await stop("queued", f"/environments/{own}/work/{await api.queue(own)}")
    for name, body in (("no body", {}), ("empty object", {"json": {}}), ("no force", {"json": {"force": False}})):
        item = await api.acked(own)
        await stop(f"starting, {name}", item, **body)
    active = await api.acked(own)
    await api.send("POST", f"{active}/heartbeat")
    for number in range(3):
        await stop(f"active, stop {number}", active)
    await stop("stopped, forced", active, json=_FORCE)
    await stop("starting, forced", await api.acked(own), json=_FORCE)
    active = await api.acked(own)
    await api.send("POST", f"{active}/heartbeat")
    await stop("active, broken", active, content=b'{"force": ')
    await stop("active, forced", active, json=_FORCE)
    await stop("queued, forced", f"/environments/{own}/work/{await api.queue(own)}", json=_FORCE)
    active = await api.acked(own)
    await api.send("POST", f"{active}/heartbeat")
    await api.send("POST", active, **metadata(a="one"))
    await stop("with metadata", active)
    await stop("stopping, forced", active, json=_FORCE)


async def _stats(api: Conversation) -> None:
    beside, own, empty = [await api.environment() for _ in range(3)]

    async def stats(step: str, environment: str = own) -> None:
        await api.step(step, "GET", f"/environments/{environment}/work/stats")

    poll = f"/environments/{own}/work/poll"
    await stats("empty")
    work_id = await api.queue(own)
    await stats("queued")
    await api.send("GET", poll)
    await stats("delivered without a worker")
    await api.send("GET", poll, headers=_WORKER)
    await stats("delivered")
    await api.send("POST", f"/environments/{own}/work/{work_id}/ack", headers=_WORKER)
    await stats("acked")
    await api.queue(beside)
    await api.queue(own)
    await stats("beside others", empty)


OWN: Final[dict[str, Talk]] = {
    "poll": _poll,
    "list": _list,
    "get": _get,
    "update": _update,
    "heartbeat": _heartbeat,
    "stop": _stop,
    "stats": _stats,
}
