"""Conversations made by hand, and a real run on a server with a defect."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conformance.chapters.registry import scenarios
from conformance.emulator import Tokens
from conformance.emulator.configuration import ServerConfig, use_microseconds
from conformance.emulator.defects import DEFECTS
from conformance.exchange import Body, Ending, Exchange, Request, Response, Transcript
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck
from tests.runs import judge_app

ITEM = "work_1"
WORK = f"http://127.0.0.1/environments/env_1/work/{ITEM}"
SCENARIOS = (
    "terminal.stopped.forced-from-starting",
    "terminal.stopped.forced-from-active",
    "retry.active",
    "auth.expired",
)
"""The scenarios of the real run: two that go wrong, one that goes well, one about tokens."""


def exchange(
    step: str,
    operation: str,
    status: int | None = 200,
    body: Any = None,
    *,
    at: tuple[float, float] = (0.0, 0.1),
    url: str = WORK,
    sent: str | None = None,
    headers: Sequence[tuple[str, str]] = (),
) -> Exchange:
    text = body if isinstance(body, str) else json.dumps(body)
    answer = Response(status=status, headers=(), body=Body(text=text, size=len(text))) if status is not None else None
    return Exchange(
        step=step,
        operation=operation,
        request=Request(method="POST", url=url, headers=tuple(headers), body=sent),
        outcome="ok" if answer else "unknown",
        invoked=at[0],
        completed=at[1],
        response=answer,
        problem=None if answer else "connection reset",
    )


def item(state: str, **more: Any) -> dict[str, Any]:
    return {"id": ITEM, "state": state, **more}


def transcript(*exchanges: Exchange, scenario: str = "retry.active") -> Transcript:
    return Transcript(
        scenario=scenario,
        run="run",
        seed=1,
        attempt=1,
        facts={},
        exchanges=exchanges,
        ending=Ending(kind="complete"),
    )


def run_on_a_defect(output: Path, defect: str = "terminal.forced-revived") -> RunResult:
    """A run of a few scenarios on a server with a defect; `output` is its folder."""
    tokens = Tokens.generate()
    app = DEFECTS[defect].apply_to(use_microseconds(ServerConfig())).build(tokens)
    plan = [PlannedCheck(name, requirement) for name in SCENARIOS for requirement in scenarios()[name].requirements]
    return judge_app(app, tokens, output, plan)
