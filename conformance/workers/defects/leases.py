"""Workers whose heartbeats say the wrong thing, or come at the wrong time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from conformance.workers.defects.defect import WorkerDefect, defect
from conformance.workers.reference import Worker

Item = dict[str, Any]
EXPECTED: Final = "expected_last_heartbeat"
TTL: Final = "desired_ttl_seconds"


class _Heartbeats(Worker):
    """Sends heartbeats with changed parameters."""

    def query(self, query: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters to send instead of these."""
        return query

    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        if path.endswith("/heartbeat"):
            options["params"] = self.query(options["params"])
        return await super().call(method, path, tries, **options)


class _SecondTry(_Heartbeats):
    """Goes on without the changed parameters where the first heartbeat is refused."""

    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        first = options.get("params", {}).get(EXPECTED) == "NO_HEARTBEAT"
        response = await super().call(method, path, tries, **options)
        if path.endswith("/heartbeat") and first and response.status_code in {400, 412}:
            return await self.http.request(method, self.path + path)
        return response


class _InventsFirst(_SecondTry):
    def query(self, query: dict[str, Any]) -> dict[str, Any]:
        first = query.get(EXPECTED) == "NO_HEARTBEAT"
        return query | {EXPECTED: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"} if first else query


class _EmptyFirst(_SecondTry):
    def query(self, query: dict[str, Any]) -> dict[str, Any]:
        return query | {EXPECTED: ""} if query.get(EXPECTED) == "NO_HEARTBEAT" else query


class _RewritesValue(_Heartbeats):
    def query(self, query: dict[str, Any]) -> dict[str, Any]:
        value = query.get(EXPECTED, "NO_HEARTBEAT")
        if value == "NO_HEARTBEAT":
            return query
        return query | {EXPECTED: value.removesuffix("Z").removesuffix("+00:00") + "-00:00"}


class _InventsValue(_Heartbeats):
    def query(self, query: dict[str, Any]) -> dict[str, Any]:
        if query.get(EXPECTED, "NO_HEARTBEAT") == "NO_HEARTBEAT":
            return query
        return query | {EXPECTED: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}


class _ZeroTtl(_SecondTry):
    def query(self, query: dict[str, Any]) -> dict[str, Any]:
        return query | {TTL: "0"} if query.get(EXPECTED) == "NO_HEARTBEAT" else query


class _TtlWithUnit(_SecondTry):
    def query(self, query: dict[str, Any]) -> dict[str, Any]:
        return query | {TTL: "60s"} if query.get(EXPECTED) == "NO_HEARTBEAT" else query


class _Late(Worker):
    share = 2.0


class _AtThreeQuarters(Worker):
    share = 0.75


class _FirstLeaseOnly(Worker):
    """Takes the pause from the first lease of each item."""

    async def keep_lease(self, item: Item) -> None:
        self.first: int | None = None
        await super().keep_lease(item)

    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        response = await super().call(method, path, tries, **options)
        if path.endswith("/heartbeat") and response.status_code == 200:
            value = response.json()
            self.first = self.first or value["ttl_seconds"]
            self.share = 0.45 * self.first / value["ttl_seconds"]
        return response


class _None(Worker):
    async def keep_lease(self, item: Item) -> None:
        await asyncio.Event().wait()


DEFECTS: Final[tuple[WorkerDefect, ...]] = (
    defect(
        "heartbeat.invents-first-value",
        "The first heartbeat expects the worker's own time; refused, it goes on without a value.",
        "第一个 heartbeat 的预期值是 worker 自己的时间；被拒绝后不带预期值继续。",
        _InventsFirst,
        fails="heartbeat.first-value lease.lost",
    ),
    defect(
        "heartbeat.empty-first-value",
        "The first heartbeat expects an empty value; refused, it goes on without one.",
        "第一个 heartbeat 的预期值为空；被拒绝后不带预期值继续。",
        _EmptyFirst,
        fails="heartbeat.first-value",
    ),
    defect(
        "heartbeat.rewrites-value",
        "It writes the expected time in another spelling than it was given.",
        "预期值的时间写法与所得到的不同。",
        _RewritesValue,
        fails="heartbeat.next-value",
    ),
    defect(
        "heartbeat.invents-value",
        "Later heartbeats expect the worker's own time.",
        "之后的 heartbeat 的预期值是 worker 自己的时间。",
        _InventsValue,
        fails="heartbeat.next-value stop.after-job stop.taken-over redelivery.not-twice",
        skips="drain.confirms drain.stopped",
    ),
    defect(
        "heartbeat.ttl-zero",
        "It asks for a lease of 0 s; refused, it asks for none.",
        "请求 0 秒的租约；被拒绝后不再带该参数。",
        _ZeroTtl,
        fails="heartbeat.ttl",
    ),
    defect(
        "heartbeat.ttl-with-unit",
        "It asks for a lease of `60s`; refused, it asks for none.",
        "请求 `60s` 的租约；被拒绝后不再带该参数。",
        _TtlWithUnit,
        fails="heartbeat.ttl",
    ),
    defect(
        "heartbeat.late",
        "It sends a heartbeat after twice the lease.",
        "在两倍租约之后才发送 heartbeat。",
        _Late,
        fails="heartbeat.in-time",
        warns="heartbeat.half",
    ),
    defect(
        "heartbeat.first-lease-only",
        "It takes the pause between heartbeats from the first lease, also when later ones are shorter.",
        "heartbeat 间隔只按第一个租约计算，之后租约变短也不调整。",
        _FirstLeaseOnly,
        fails="heartbeat.in-time",
    ),
    defect(
        "heartbeat.none",
        "It sends no heartbeats.",
        "不发送 heartbeat。",
        _None,
        fails="heartbeat.in-time",
        warns="heartbeat.half",
    ),
    defect(
        "heartbeat.at-three-quarters",
        "It sends a heartbeat after three quarters of the lease.",
        "租约过了四分之三才发送 heartbeat。",
        _AtThreeQuarters,
        warns="heartbeat.half",
    ),
)
