"""Workers that send the token wrongly, or show it to others, and workers that change the ids that they were given."""

from __future__ import annotations

import base64
import os
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from conformance.workers.defects.defect import WorkerDefect, defect
from conformance.workers.reference import Worker

Item = dict[str, Any]


class _OnStart(Worker):
    def __init__(self, base_url: str, environment_id: str, token: str) -> None:
        super().__init__(base_url, environment_id, token)
        self.token = token
        self.begin()

    def begin(self) -> None:
        """Change the worker before it starts."""


class _NoScheme(_OnStart):
    def begin(self) -> None:
        self.http.headers["Authorization"] = self.token


class _ApiKey(_OnStart):
    def begin(self) -> None:
        del self.http.headers["Authorization"]
        self.http.headers["x-api-key"] = self.token


class _InQuery(_OnStart):
    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        options["params"] = {**options.get("params", {}), "access_token": self.token}
        return await super().call(method, path, tries, **options)


class _InPath(_OnStart):
    async def poll(self) -> Item | None:
        try:
            await self.http.get(f"/api/v1/cloud/tokens/{self.token}")
        except httpx.TransportError:
            return None
        return await super().poll()


class _FollowsWithToken(_OnStart):
    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        response = await super().call(method, path, tries, **options)
        if response.is_redirect:
            return await self.http.request(method, response.headers["Location"])
        return response


class _RepeatsPostsElsewhere(_OnStart):
    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        response = await super().call(method, path, tries, **options)
        if response.is_redirect and method == "POST":
            return await self.http.request(method, response.headers["Location"])
        return response


class _MovesAfterRedirect(_OnStart):
    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        response = await super().call(method, path, tries, **options)
        if response.is_redirect:
            place = urlsplit(response.headers["Location"])
            self.http.base_url = httpx.URL(f"{place.scheme}://{place.netloc}")
        return response


class _Prints(_OnStart):
    def begin(self) -> None:
        os.write(1, f"starting with token {self.token}\n".encode())


class _PrintsHeaders(_OnStart):
    async def poll(self) -> Item | None:
        os.write(1, f"GET /poll {dict(self.http.headers)}\n".encode())
        return await super().poll()


class _PrintsBasic(_OnStart):
    def begin(self) -> None:
        shown = base64.b64encode(f"worker:{self.token}".encode()).decode()
        os.write(1, f"Proxy-Authorization: Basic {shown}\n".encode())


class _UpperEnvironment(Worker):
    def __init__(self, base_url: str, environment_id: str, token: str) -> None:
        super().__init__(base_url, environment_id.upper(), token)


class _UpperWork(Worker):
    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        if path.startswith("/work_"):
            _, work_id, operation = path.split("/")
            path = f"/{work_id.upper()}/{operation}"
        return await super().call(method, path, tries, **options)


DEFECTS: Final[tuple[WorkerDefect, ...]] = (
    defect(
        "token.no-scheme",
        "It sends the token without `Bearer`.",
        "发送 token 时不带 `Bearer`。",
        _NoScheme,
        fails="token.bearer",
    ),
    defect(
        "token.api-key",
        "It sends the token in `x-api-key` only.",
        "只在 `x-api-key` 中发送 token。",
        _ApiKey,
        fails="token.bearer",
    ),
    defect(
        "token.in-query",
        "It sends the token as a query parameter too.",
        "同时以查询参数发送 token。",
        _InQuery,
        fails="token.not-in-url",
    ),
    defect(
        "token.in-path",
        "It asks about its token before each poll, with the token in the path.",
        "每次 poll 之前查询 token，并把 token 放在路径中。",
        _InPath,
        fails="token.not-in-url",
    ),
    defect(
        "redirect.followed-with-token",
        "It follows a redirect to another host with the token.",
        "重定向到其他主机时带上 token。",
        _FollowsWithToken,
        fails="token.other-host",
    ),
    defect(
        "redirect.posts-with-token",
        "It repeats redirected acks, heartbeats and stops at the other host, with the token.",
        "ack、heartbeat 和 stop 被重定向后，带上 token 在其他主机重发。",
        _RepeatsPostsElsewhere,
        fails="token.other-host",
    ),
    defect(
        "redirect.new-base-url",
        "It sends everything to the host that a redirect named.",
        "之后的所有请求都发送给重定向所指的主机。",
        _MovesAfterRedirect,
        fails="token.other-host",
    ),
    defect(
        "token.printed", "It prints the token at its start.", "启动时输出 token。", _Prints, fails="token.not-printed"
    ),
    defect(
        "token.printed-in-base64",
        "It prints the token in base64, inside a longer text.",
        "以 base64 输出含 token 的文本。",
        _PrintsBasic,
        fails="token.not-printed",
    ),
    defect(
        "token.in-debug-log",
        "It prints the headers of each poll.",
        "输出每次 poll 的请求头。",
        _PrintsHeaders,
        fails="token.not-printed",
    ),
    defect(
        "ids.upper-case-environment",
        "It writes the environment id in upper case.",
        "environment id 改为大写。",
        _UpperEnvironment,
        fails="ids.as-given",
    ),
    defect(
        "ids.upper-case-work",
        "It writes work ids in upper case.",
        "work id 改为大写。",
        _UpperWork,
        fails="ids.as-given ack.first",
    ),
)
