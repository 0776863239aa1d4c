"""A conversation about the rules that all operations share, and the steps in which each requirement shows."""

from __future__ import annotations

import base64
from typing import Any, Final

from .conversations import Conversation, Talk

ON_ITEM: Final = frozenset({"get", "update", "heartbeat", "stop"})
_METHODS: Final = {"update": "POST", "heartbeat": "POST", "stop": "POST"}
_SUFFIXES: Final = {"poll": "/poll", "stats": "/stats", "heartbeat": "/heartbeat", "stop": "/stop"}
_PARTS: Final[dict[str, dict[str, Any]]] = {
    "update": {"json": {"metadata": {"a": "1"}}},
    "stop": {"json": {}},
}

STEPS: Final[dict[str, frozenset[str]]] = {
    "auth.missing": frozenset({"missing"}),
    "auth.invalid-token": frozenset({"unknown", "near-miss"}),
    "auth.scheme": frozenset({"basic", "token", "api-key"}),
    "auth.expired": frozenset({"expired"}),
    "authz.forbidden": frozenset({"forbidden"}),
    "authz.foreign-token": frozenset({"foreign"}),
    "environment.not-self-hosted": frozenset({"not-self-hosted"}),
    "not-found.environment": frozenset({"unknown-environment"}),
    "not-found.work": frozenset({"unknown-work"}),
    "not-found.other-environment": frozenset({"other-environment"}),
    "not-found.malformed": frozenset({"malformed-environment", "malformed-work"}),
}
"""The steps in which a violation of each requirement may show."""

SUCCESS: Final = "success"


def refused_steps(operation: str) -> frozenset[str]:
    """Return the steps that a correct server refuses."""
    left_out = set() if operation in ON_ITEM else {"unknown-work", "other-environment", "malformed-work"}
    left_out |= {"forbidden"} if operation in {"get", "list", "stats"} else set()
    return frozenset().union(*STEPS.values()) - left_out


def steps_of(requirement: str, operation: str) -> frozenset[str]:
    """Return the steps in which a violation of a requirement shows, by its id without the operation."""
    family = requirement.partition(".")[0]
    if family == "answer":
        return frozenset({SUCCESS})
    if family == "envelope":
        return refused_steps(operation)
    if requirement == "refused.changes-nothing":
        return frozenset(f"after {step}" for step in refused_steps(operation))
    return STEPS[requirement]


def refusals(operation: str) -> Talk:
    """Return the conversation: what must be refused, each with a GET after it, and at last what must succeed."""

    async def talk(api: Conversation) -> None:
        elsewhere, own = await api.environment(), await api.environment()
        cloud, token = await api.environment("cloud"), api.tokens.owner
        shown = await api.acked(own) if operation in ON_ITEM else f"/environments/{own}/work/{await api.queue(own)}"
        work_id = shown.rpartition("/")[2]

        async def request(
            step: str, environment: str = own, item: str = work_id, headers: dict[str, str | None] | None = None
        ) -> None:
            place = f"/environments/{environment}/work" + (f"/{item}" if operation in ON_ITEM else "")
            path, parts = place + _SUFFIXES.get(operation, ""), _PARTS.get(operation, {})
            await api.step(step, _METHODS.get(operation, "GET"), path, headers=headers or {}, **parts)
            if step != SUCCESS:
                await api.step(f"after {step}", "GET", shown)

        encoded = base64.b64encode(f"{token}:".encode()).decode()
        credentials: dict[str, dict[str, str | None]] = {
            "missing": {"Authorization": None},
            "unknown": {"Authorization": "Bearer pt-" + "z" * 40},
            "near-miss": {"Authorization": f"Bearer {token[:-1]}"},
            "basic": {"Authorization": f"Basic {encoded}"},
            "token": {"Authorization": f"Token {token}"},
            "api-key": {"Authorization": None, "x-api-key": token},
            "expired": {"Authorization": f"Bearer {api.tokens.expired}"},
            "foreign": {"Authorization": f"Bearer {api.tokens.foreign}"},
            "forbidden": {"Authorization": f"Bearer {api.tokens.forbidden}"},
        }
        for step, headers in credentials.items():
            if step in refused_steps(operation):
                await request(step, headers=headers)
        nobody = "0" * 32
        await request("not-self-hosted", cloud, f"work_{nobody}")
        await request("unknown-environment", f"env_{nobody}")
        await request("malformed-environment", "env_1")
        if operation in ON_ITEM:
            await request("unknown-work", own, f"work_{nobody}")
            await request("other-environment", elsewhere)
            await request("malformed-work", own, "work_1")
        fresh = await api.acked(own) if operation in ON_ITEM else shown
        await request(SUCCESS, item=fresh.rpartition("/")[2])

    return talk
