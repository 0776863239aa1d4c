"""One JSON endpoint and nothing behind it: `python -m tests.benchmarks.bare_app PORT`, served as the emulator is."""

from __future__ import annotations

import sys
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from conformance.emulator.server import serve_forever

_ITEM: Final = {
    "id": "work_" + "0" * 32,
    "type": "work",
    "environment_id": "env_" + "0" * 32,
    "state": "starting",
    "data": {"type": "session", "id": "sess_" + "0" * 32},
    "created_at": "2026-01-01T00:00:00.000Z",
    "acknowledged_at": "2026-01-01T00:00:01.000Z",
    "started_at": None,
    "latest_heartbeat_at": None,
    "stop_requested_at": None,
    "stopped_at": None,
    "metadata": {},
}
"""As much as an ack answers."""


async def _ack(request: Request) -> JSONResponse:
    return JSONResponse(_ITEM)


if __name__ == "__main__":
    app = Starlette(routes=[Route("/ack", _ack, methods=["POST"])])
    serve_forever(app, host="127.0.0.1", port=int(sys.argv[1]), on_ready=lambda _: None)
