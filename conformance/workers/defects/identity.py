"""Workers that do not keep to one Worker-ID."""

from __future__ import annotations

import uuid
from typing import Any, Final

import httpx

from conformance.workers.defects.defect import WorkerDefect, defect
from conformance.workers.reference import Worker


class _NewForEachPoll(Worker):
    async def poll(self) -> dict[str, Any] | None:
        self.http.headers["Worker-ID"] = uuid.uuid4().hex
        return await super().poll()


class _NewForEachJob(Worker):
    async def work(self, item: dict[str, Any]) -> None:
        await super().work(item)
        self.http.headers["Worker-ID"] = uuid.uuid4().hex


class _OtherForHeartbeats(Worker):
    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        if path.endswith(("/heartbeat", "/stop")):
            options["headers"] = {"Worker-ID": f"{self.worker_id}-job"}
        return await super().call(method, path, tries, **options)


class _OtherForAcks(Worker):
    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        if path.endswith("/ack"):
            options["headers"] = {"Worker-ID": f"{self.worker_id}-ack"}
        return await super().call(method, path, tries, **options)


class _NoneForAcks(Worker):
    async def ack(self, item: dict[str, Any]) -> bool:
        del self.http.headers["Worker-ID"]
        try:
            return await super().ack(item)
        finally:
            self.http.headers["Worker-ID"] = self.worker_id


class _Empty(Worker):
    def __init__(self, base_url: str, environment_id: str, token: str) -> None:
        super().__init__(base_url, environment_id, token)
        self.http.headers["Worker-ID"] = ""


DEFECTS: Final[tuple[WorkerDefect, ...]] = (
    defect(
        "identity.new-for-each-poll",
        "It polls with a new Worker-ID each time.",
        "每次 poll 都使用新的 Worker-ID。",
        _NewForEachPoll,
        fails="identity.stable",
    ),
    defect(
        "identity.new-for-each-job",
        "It uses a new Worker-ID after each job.",
        "每个任务之后更换 Worker-ID。",
        _NewForEachJob,
        fails="identity.stable",
    ),
    defect(
        "identity.other-for-heartbeats",
        "Its heartbeats and stops carry another Worker-ID than its polls.",
        "heartbeat 和 stop 的 Worker-ID 与 poll 不同。",
        _OtherForHeartbeats,
        fails="identity.stable",
    ),
    defect(
        "identity.other-for-acks",
        "It acks with another Worker-ID than it polled with.",
        "ack 的 Worker-ID 与 poll 不同。",
        _OtherForAcks,
        fails="identity.stable",
    ),
    defect(
        "identity.none-for-acks",
        "Its polls carry a Worker-ID and its acks none.",
        "poll 带 Worker-ID，ack 不带。",
        _NoneForAcks,
        fails="identity.stable",
    ),
    defect("identity.empty", "It sends an empty Worker-ID.", "发送空的 Worker-ID。", _Empty, warns="identity.sent"),
)
