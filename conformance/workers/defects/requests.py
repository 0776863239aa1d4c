"""Workers that ask too often, give up, or cannot read what is legal."""

from __future__ import annotations

import asyncio
import os
from datetime import datetime
from typing import Any, Final

import httpx

from conformance.workers.defects.defect import WorkerDefect, defect
from conformance.workers.reference import Worker

Item = dict[str, Any]
FIELDS: Final = frozenset(
    {
        *("id", "type", "environment_id", "data", "state", "created_at", "metadata"),
        *("acknowledged_at", "started_at", "latest_heartbeat_at", "stop_requested_at", "stopped_at"),
    }
)


class _ReportsItself(Worker):
    """Reports that it lives to a path of its own, with twenty-five requests at once."""

    async def main(self) -> None:
        reports = asyncio.create_task(self.report())
        try:
            await super().main()
        finally:
            reports.cancel()

    async def report(self) -> None:
        while True:
            await asyncio.gather(*(self.http.post("/api/v1/cloud/workers") for _ in range(25)), return_exceptions=True)
            await asyncio.sleep(2.0)


class _Hammers(Worker):
    def pause(self, attempt: int) -> float:
        return 0.05


class _HammersWithHeartbeats(Worker):
    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        response = await super().call(method, path, tries, **options)
        while path.endswith("/heartbeat") and response.status_code == 401:
            await asyncio.sleep(0.1)
            response = await super().call(method, path, tries, **options)
        return response


class _IgnoresRetryAfter(Worker):
    def retry_after(self, response: httpx.Response) -> float:
        return 0.0


class _RetryAfterInMilliseconds(Worker):
    def retry_after(self, response: httpx.Response) -> float:
        return super().retry_after(response) / 1000


class _HeartbeatsAtOnce(Worker):
    def retry_after(self, response: httpx.Response) -> float:
        hurried = response.request.url.path.endswith(("/heartbeat", "/stop"))
        return 0.0 if hurried else super().retry_after(response)


class _SecondsOnly(Worker):
    def retry_after(self, response: httpx.Response) -> float:
        value = response.headers.get("Retry-After", "")
        return float(value) if value.isdigit() else 0.0


class _CrashesOnDates(Worker):
    def retry_after(self, response: httpx.Response) -> float:
        return float(response.headers.get("Retry-After", "0"))


class _ConstantPause(Worker):
    def pause(self, attempt: int) -> float:
        return 0.5


class _EndsOnFailure(Worker):
    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        response = await super().call(method, path, 1, **options)
        if response.status_code in {429, 503}:
            self.ending.set()
        return response


class _CrashesOnFailure(Worker):
    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        response = await super().call(method, path, tries, **options)
        if path == "/poll":
            response.raise_for_status()
        return response


class _EndsOnBrokenPoll(Worker):
    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        try:
            return await super().call(method, path, tries, **options)
        except httpx.TransportError:
            if path == "/poll":
                self.ending.set()
            raise


class _Breaks(httpx.AsyncHTTPTransport):
    """Ends the process when a request of one method gets no answer."""

    def __init__(self, method: str) -> None:
        super().__init__()
        self._method = method

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except httpx.RemoteProtocolError:
            if request.method == self._method:
                os._exit(1)
            raise


class _EndsOnLostAnswer(Worker):
    method = "POST"

    def __init__(self, base_url: str, environment_id: str, token: str) -> None:
        super().__init__(base_url, environment_id, token)
        self.http = httpx.AsyncClient(base_url=base_url, headers=self.http.headers, transport=_Breaks(self.method))


class _EndsOnLostPoll(_EndsOnLostAnswer):
    method = "GET"


class _EndsOnBrokenAck(Worker):
    async def ack(self, item: Item) -> bool:
        try:
            response = await self.call("POST", f"/{item['id']}/ack", tries=1)
        except httpx.TransportError:
            self.ending.set()
            return False
        if response.status_code < 429:
            return response.status_code == 200
        await self.sleep(max(0.5, self.retry_after(response)))
        return await super().ack(item)


class _ReadsItems(Worker):
    """Checks each item with rules of its own."""

    async def poll(self) -> Item | None:
        item = await super().poll()
        return item if item is None or self.reads(item) else None

    def reads(self, item: Item) -> bool:
        """Return whether the worker takes the item; it may raise too."""
        return True


class _KnownFieldsOnly(_ReadsItems):
    def reads(self, item: Item) -> bool:
        if unknown := set(item) - FIELDS:
            raise TypeError(f"unexpected fields: {sorted(unknown)}")
        return True


class _SkipsSecrets(_ReadsItems):
    def reads(self, item: Item) -> bool:
        return "secret" not in item


class _OneSpelling(_ReadsItems):
    def reads(self, item: Item) -> bool:
        return bool(datetime.strptime(item["created_at"], "%Y-%m-%dT%H:%M:%S.%fZ"))


class _BareNull(Worker):
    """Takes every answer to a poll for an item that is not exactly `null`."""

    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        response = await super().call(method, path, tries, **options)
        if path == "/poll" and response.status_code == 200 and response.text != "null":
            response.json()["id"]
        return response


class _OneSpellingOfHeartbeats(Worker):
    """Ends the lease's task, and so the job, where the time of the last heartbeat is spelled otherwise."""

    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        response = await super().call(method, path, tries, **options)
        if path.endswith("/heartbeat") and response.status_code == 200:
            datetime.strptime(response.json()["last_heartbeat"], "%Y-%m-%dT%H:%M:%S.%fZ")
        return response


DEFECTS: Final[tuple[WorkerDefect, ...]] = (
    defect(
        "rate.reports-itself",
        "It reports that it lives with twenty-five requests at once, every two seconds.",
        "每两秒同时发送二十五个请求，报告自己仍在运行。",
        _ReportsItself,
        fails="rate.limits auth.no-hammering",
        blocks=True,  # the bursts may hold up the suite, which then judges no times
    ),
    defect(
        "retry.hammers",
        "It repeats failed requests after 50 ms.",
        "请求失败后 50 毫秒就重试。",
        _Hammers,
        fails="auth.no-hammering",
        warns="retry.backoff",
    ),
    defect(
        "retry.hammers-with-heartbeats",
        "It repeats a heartbeat that got 401 ten times a second.",
        "heartbeat 得到 401 后每秒重试十次。",
        _HammersWithHeartbeats,
        fails="auth.no-hammering",
    ),
    defect(
        "retry.ignores-retry-after",
        "It does not read `Retry-After`.",
        "不读取 `Retry-After`。",
        _IgnoresRetryAfter,
        fails="retry.after",
    ),
    defect(
        "retry.milliseconds",
        "It takes `Retry-After` for milliseconds.",
        "把 `Retry-After` 当作毫秒。",
        _RetryAfterInMilliseconds,
        fails="retry.after",
    ),
    defect(
        "retry.heartbeats-at-once",
        "It does not read `Retry-After` in the answers to heartbeats and stops.",
        "不读取 heartbeat 和 stop 响应中的 `Retry-After`。",
        _HeartbeatsAtOnce,
        fails="retry.after",
    ),
    defect(
        "retry.seconds-only",
        "It takes no notice of a `Retry-After` that is a date.",
        "忽略写成日期的 `Retry-After`。",
        _SecondsOnly,
        fails="retry.after",
    ),
    defect(
        "retry.crashes-on-dates",
        "It crashes on a `Retry-After` that is a date.",
        "`Retry-After` 写成日期时崩溃。",
        _CrashesOnDates,
        fails="retry.goes-on",
    ),
    defect(
        "retry.constant-pause",
        "It repeats failed requests at intervals of half a second, however often they failed.",
        "无论失败多少次，都每隔半秒重试。",
        _ConstantPause,
        warns="retry.backoff",
    ),
    defect(
        "retry.gives-up",
        "It ends after one 429 or 503.",
        "得到一次 429 或 503 就结束。",
        _EndsOnFailure,
        fails="retry.goes-on stop.after-job",
    ),
    defect(
        "retry.crashes",
        "It crashes when a poll gets an error status.",
        "poll 得到错误状态码时崩溃。",
        _CrashesOnFailure,
        fails="retry.goes-on",
    ),
    defect(
        "connection.ends-on-broken-poll",
        "It ends when the connection of a poll breaks.",
        "poll 的连接中断时就结束。",
        _EndsOnBrokenPoll,
        fails="legal.connections",
    ),
    defect(
        "connection.ends-on-lost-answer",
        "It crashes when the answer to an ack, a heartbeat or a stop is lost.",
        "ack、heartbeat 或 stop 的响应丢失时崩溃。",
        _EndsOnLostAnswer,
        fails="legal.connections",
    ),
    defect(
        "connection.ends-on-lost-poll",
        "It crashes when the answer to a poll is lost.",
        "poll 的响应丢失时崩溃。",
        _EndsOnLostPoll,
        fails="legal.connections",
    ),
    defect(
        "connection.ends-on-broken-ack",
        "It ends when the connection of an ack breaks.",
        "ack 的连接中断时就结束。",
        _EndsOnBrokenAck,
        fails="legal.connections",
    ),
    defect(
        "answers.known-fields-only",
        "It crashes on items with unknown fields.",
        "item 含未知字段时崩溃。",
        _KnownFieldsOnly,
        fails="legal.answers",
    ),
    defect(
        "answers.skips-secrets",
        "It leaves items with a `secret` alone.",
        "忽略带 `secret` 的 item。",
        _SkipsSecrets,
        fails="legal.answers",
    ),
    defect(
        "answers.one-spelling",
        "It crashes on times that end in an offset instead of `Z`.",
        "时间以偏移量而非 `Z` 结尾时崩溃。",
        _OneSpelling,
        fails="legal.answers",
    ),
    defect(
        "answers.one-spelling-of-heartbeats",
        "It ends the job when the time of a heartbeat ends in an offset instead of `Z`.",
        "heartbeat 的时间以偏移量而非 `Z` 结尾时中止任务。",
        _OneSpellingOfHeartbeats,
        fails="stop.after-job",
    ),
    defect(
        "answers.bare-null",
        "It crashes on white space around `null`.",
        "`null` 周围有空白时崩溃。",
        _BareNull,
        fails="legal.answers",
    ),
)
