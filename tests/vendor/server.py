"""A vendor's own server: another prefix, another header for the worker, a header that every request must carry.

Written without the emulator. It has nothing to create or poll work with: its items are prepared.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from conformance.arrange.item_spec import ItemSpec

WORKER_HEADER = "Anthropic-Worker-ID"
EXTRA_HEADER = ("X-Tenant", "acme")
HOME, SECOND, CLOUD = "env_home", "env_second", "env_cloud"

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    405: "invalid_request_error",
    409: "invalid_request_error",
}


@dataclass
class Prepared:
    """One work item, and the worker that took it."""

    worker: str | None
    shown: dict[str, Any]


Rule = Callable[["Vendor", Prepared, str | None], bool]
"""Whether an ack by that worker is refused."""


def refuses(vendor: Vendor, item: Prepared, worker: str | None) -> bool:
    """As the contract has it."""
    stranger = None not in (worker, item.worker) and worker != item.worker
    return stranger or item.shown["state"] in {"stopping", "stopped"}


@dataclass
class Vendor:
    """Everything the server knows. `refuses` is its rule for acks."""

    token: str
    refuses: Rule = refuses
    items: dict[str, Prepared] = field(default_factory=dict)

    def manifest(self, item_specs: Iterable[ItemSpec]) -> dict[str, Any]:
        """Prepare an item for each want, and list them."""
        return {
            "format": "work-conformance-manifest/1",
            "cloud_environment_id": CLOUD,
            "second_environment_id": SECOND,
            "items": [self._prepare(item_spec) for item_spec in item_specs if not item_spec.needs_poll],
        }

    def app(self) -> Starlette:
        """The server."""
        place = "/v1/environments/{environment}/work/{work}"
        routes = [
            Route(place, self._get, methods=["GET"]),
            Route(f"{place}/ack", self._ack, methods=["POST"]),
            Route(f"{place}/heartbeat", self._heartbeat, methods=["POST"]),
            Route(f"{place}/stop", self._stop, methods=["POST"]),
        ]
        app = Starlette(routes=routes, exception_handlers={HTTPException: _refusal})
        app.router.redirect_slashes = False
        return app

    def _prepare(self, item_spec: ItemSpec) -> dict[str, Any]:
        worker = f"w-{secrets.token_hex(4)}" if item_spec.named and item_spec.delivered else None
        work_id = f"work_{uuid.uuid4()}"
        shown = {
            "id": work_id,
            "type": "work",
            "environment_id": HOME if item_spec.delivered else SECOND,
            "data": {"type": "session", "id": f"sess_{uuid.uuid4()}"},
            "state": "queued",
            "created_at": _now(),
            "acknowledged_at": None,
            "started_at": None,
            "latest_heartbeat_at": None,
            "stop_requested_at": None,
            "stopped_at": None,
            "metadata": {},
        }
        for verb in item_spec.transitions:
            {"ack": _start, "heartbeat": _beat, "stop": _stop_gracefully, "force": _end}[verb](shown)
        self.items[work_id] = Prepared(worker, shown)
        return {
            "state": shown["state"],
            "environment_id": shown["environment_id"],
            "work_id": work_id,
            "worker_id": worker,
            "delivered": item_spec.delivered,
            "stopped_by": item_spec.stopped_by,
        }

    async def _get(self, request: Request) -> JSONResponse:
        return JSONResponse(self._find(request).shown)

    async def _ack(self, request: Request) -> JSONResponse:
        item = self._find(request)
        if self.refuses(self, item, request.headers.get(WORKER_HEADER)):
            raise HTTPException(409, "not yours, or over")
        if item.shown["state"] == "queued":
            _start(item.shown)
        return JSONResponse(item.shown)

    async def _heartbeat(self, request: Request) -> JSONResponse:
        item = self._find(request)
        if item.shown["state"] not in {"starting", "active"}:
            raise HTTPException(409, "nothing to extend")
        _beat(item.shown)
        return JSONResponse({"type": "work_heartbeat", "state": "active", "lease_extended": True})

    async def _stop(self, request: Request) -> JSONResponse:
        item = self._find(request)
        document = await request.json() if await request.body() else {}
        (_end if document.get("force") else _stop_gracefully)(item.shown)
        return JSONResponse(item.shown)

    def _find(self, request: Request) -> Prepared:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            raise HTTPException(401, "who are you?")
        if request.headers.get(EXTRA_HEADER[0]) != EXTRA_HEADER[1]:
            raise HTTPException(400, f"{EXTRA_HEADER[0]} is missing")
        place = request.path_params["environment"]
        if place == CLOUD:
            raise HTTPException(400, "not self-hosted")
        item = self.items.get(request.path_params["work"])
        if item is None or item.shown["environment_id"] != place:
            raise HTTPException(404, "no such item")
        return item


async def _refusal(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    envelope = {"type": _TYPES[error.status_code], "message": error.detail}
    body = {"type": "error", "request_id": request.headers.get("x-request-id") or str(uuid.uuid4()), "error": envelope}
    return JSONResponse(body, status_code=error.status_code)


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def _start(shown: dict[str, Any]) -> None:
    shown |= {"state": "starting", "acknowledged_at": _now()}


def _beat(shown: dict[str, Any]) -> None:
    shown |= {"state": "active", "started_at": shown["started_at"] or _now(), "latest_heartbeat_at": _now()}


def _stop_gracefully(shown: dict[str, Any]) -> None:
    if shown["state"] in {"starting", "active"}:
        shown |= {"state": "stopping", "stop_requested_at": _now()}
    elif shown["state"] != "stopped":
        shown |= {"state": "stopped", "stop_requested_at": shown["stop_requested_at"] or _now(), "stopped_at": _now()}


def _end(shown: dict[str, Any]) -> None:
    if shown["state"] != "stopped":
        shown |= {"state": "stopped", "stopped_at": _now()}
