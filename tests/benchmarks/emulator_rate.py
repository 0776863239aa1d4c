"""Ratio 4: how many acks a second the emulator answers, next to a bare Starlette endpoint on the same uvicorn.

32 connections, one server process; the requests come from a third process. The item is acked again and again by its
rightful worker, which is a retry and changes nothing.
"""

from __future__ import annotations

import json
import urllib.request
from typing import Any, Final

from tests.benchmarks.processes import TOKENS, listening, python, serve
from tests.benchmarks.ratio import Ratio

_CONNECTIONS: Final = 32
_REQUESTS: Final = 6400
_PREFIX: Final = "/api/v1/cloud"


def measure(rounds: int) -> list[Ratio]:
    """Alternate both; each round is a second or more of requests."""
    emulator, bare = [], []
    for _ in range(rounds):
        with serve() as base_url:
            emulator.append(_rate(_delivered(base_url)))
        with listening("-m", "tests.benchmarks.bare_app") as base_url:
            bare.append(_rate(f"{base_url}/ack"))
    return [
        Ratio(
            number="4",
            what="acks a second of the emulator / of a bare Starlette endpoint",
            value=max(emulator) / max(bare),
            limit=0.6,
            at_least=True,
            detail=f"{max(emulator):.0f} / {max(bare):.0f} a second, {_CONNECTIONS} connections",
        )
    ]


def _rate(url: str) -> float:
    return float(python("-m", "tests.benchmarks.load", url, str(_CONNECTIONS), str(_REQUESTS)).out.split()[-1])


def _delivered(base_url: str) -> str:
    """The URL of the ack of an item that was delivered to a worker without identity."""
    api = base_url + _PREFIX
    environment = _post(f"{api}/environments", {"name": "e", "config": {"type": "self_hosted"}})["id"]
    agent = _post(f"{api}/agents", {"name": "a", "model": "auto", "system": "Reply with one word."})["id"]
    session = _post(f"{api}/sessions", {"agent": agent, "environment_id": environment, "title": "s"})["id"]
    message = {"type": "user.message", "content": [{"type": "text", "text": "Say OK."}]}
    _post(f"{api}/sessions/{session}/events", {"events": [message]})
    work = _ask("GET", f"{api}/environments/{environment}/work/poll", None)["id"]
    return f"{api}/environments/{environment}/work/{work}/ack"


def _post(url: str, body: dict[str, Any]) -> Any:
    return _ask("POST", url, json.dumps(body).encode())


def _ask(method: str, url: str, body: bytes | None) -> Any:
    headers = {"Authorization": f"Bearer {TOKENS['QODER_PAT']}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=10) as answer:
        return json.load(answer)
