"""A small client for these tests: raw answers, and the few steps that bring a work item into a state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx

PREFIX = "/api/v1/cloud"
Json = dict[str, Any]


class HandClock:
    """A clock that only moves when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 7, 1, 8, 15, 1, 250_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **parts: float) -> None:
        self.now += timedelta(**parts)


@dataclass(frozen=True)
class Api:
    """One token's view of a server."""

    http: httpx.Client
    token: str

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers: Mapping[str, str] = options.pop("headers", {})
        return self.http.request(
            method, PREFIX + path, headers={"Authorization": f"Bearer {self.token}", **headers}, **options
        )

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.send("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.send("POST", path, **options)

    def delete(self, path: str) -> httpx.Response:
        return self.send("DELETE", path)

    def made(self, path: str, document: Json) -> Json:
        response = self.post(path, json=document)
        assert response.status_code == 201, response.text
        return cast("Json", response.json())

    def environment(self, kind: str = "self_hosted") -> str:
        return str(self.made("/environments", {"name": "e", "config": {"type": kind}})["id"])

    def agent(self, **fields: Any) -> str:
        return str(self.made("/agents", {"name": "a", "model": "auto", **fields})["id"])

    def session(self, environment: str, **fields: Any) -> str:
        document = {"agent": fields.pop("agent", None) or self.agent(), "environment_id": environment, **fields}
        return str(self.made("/sessions", document)["id"])

    def say(self, session: str) -> httpx.Response:
        content = [{"type": "text", "text": "Say OK."}]
        return self.post(f"/sessions/{session}/events", json={"events": [{"type": "user.message", "content": content}]})

    def queue(self, environment: str, **fields: Any) -> "Work":
        """A queued item that nobody has polled."""
        session = self.session(environment, **fields)
        assert self.say(session).status_code == 202
        items = self.get(f"/environments/{environment}/work?limit=100").json()["data"]
        (found,) = [item for item in items if item["data"]["id"] == session]
        return Work(self, environment, found["id"], session)

    def poll(self, environment: str, worker: str | None = None, **query: Any) -> httpx.Response:
        headers = {} if worker is None else {"Worker-ID": worker}
        return self.get(f"/environments/{environment}/work/poll", headers=headers, params=query)

    def work_in(self, environment: str, state: str, worker: str | None = "w1") -> "Work":
        """An item of a fresh environment, in a state; "delivered" is queued and polled."""
        work = self.queue(environment)
        if state == "queued":
            return work
        assert self.poll(environment, worker).json()["id"] == work.id
        if state == "delivered":
            return work
        assert work.ack(worker).status_code == 200
        if state in ("active", "stopping"):
            assert work.heartbeat(expected_last_heartbeat="NO_HEARTBEAT").status_code == 200
        if state in ("stopping", "stopped"):
            assert work.stop({"force": state == "stopped"}).status_code == 200
        return work


@dataclass(frozen=True)
class Work:
    """One work item, seen by one token."""

    api: Api
    environment: str
    id: str
    session: str

    @property
    def path(self) -> str:
        return f"/environments/{self.environment}/work/{self.id}"

    def show(self) -> Json:
        response = self.api.get(self.path)
        assert response.status_code == 200
        return cast("Json", response.json())

    def ack(self, worker: str | None = None) -> httpx.Response:
        return self.api.post(f"{self.path}/ack", headers={} if worker is None else {"Worker-ID": worker})

    def heartbeat(self, **query: Any) -> httpx.Response:
        return self.api.post(f"{self.path}/heartbeat", params=query)

    def stop(self, body: Json | None = None) -> httpx.Response:
        return self.api.post(f"{self.path}/stop", json=body)

    def update(self, **body: Any) -> httpx.Response:
        return self.api.post(self.path, json=body)


def refusal(response: httpx.Response) -> tuple[int, str, str | None]:
    """Status, error type and offending parameter of a refusal whose envelope is as documented."""
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert set(body) == {"type", "request_id", "error"}
    assert body["type"] == "error"
    assert body["request_id"] == response.headers["x-request-id"]
    assert body["error"]["message"]
    return response.status_code, body["error"]["type"], body["error"].get("param")
