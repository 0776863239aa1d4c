"""A server that departs from the healthy emulator in one point, and what a run must say about it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from conformance.chapters.registry import scenarios
from conformance.emulator import EmulatorServer, Tokens
from conformance.emulator.app import build_app, operations
from conformance.emulator.errors import JsonObject
from conformance.emulator.ids import IdMint
from conformance.emulator.instants import Clock, microseconds, utc_now
from conformance.emulator.operations import Operation, Operations
from conformance.emulator.registry import Registry
from conformance.emulator.rendering import render_work_item
from conformance.emulator.seams import HEALTHY, Seams
from conformance.emulator.service import Service
from conformance.emulator.store import Store
from conformance.emulator.work import WorkItem
from conformance.emulator.work_queue import WorkQueue
from conformance.judging.plan import full_plan
from conformance.judging.record import RunRecord
from conformance.judging.verdict import VerdictKind
from tests.broken.answers import App, Wrap
from tests.runs import judge_settings, settings_for

Gateway = Callable[[str], AbstractContextManager[str]]
"""Stands in front of a server: from the server's base URL to the one that clients use."""

ELSEWHERE: Final = frozenset({"races", "observations"})
"""Chapters whose cases send again, at once or oddly, what the others send one by one: they have tests of their own."""

_WORK_ITEM: Final = "/environments/{environment_id}/work/{work_id}"
_TIMES: Final = ("created_at", "acknowledged_at", "started_at", "stop_requested_at", "stopped_at")


@dataclass(frozen=True, kw_only=True)
class Server:
    """One server.

    `departure` says in one sentence what it does. `fails` are the MUST that it breaks and `warns` the SHOULD that it
    does not follow, all of them; `skips` are the requirements that it gives no occasion to judge. `within` are the
    chapters whose cases are run, all where none is named: cases of other chapters see nothing of the departure, or the
    same again. The declarations hold over the plan
    without races all the same, and WORK_CONFORMANCE_WHOLE_PLANS=1 shows it.
    """

    id: str
    departure: str
    build: Callable[[Tokens], App]
    fails: frozenset[str]
    warns: frozenset[str]
    skips: frozenset[str]
    within: frozenset[str]
    gateway: Gateway


def server(
    server_id: str,
    departure: str,
    *,
    fails: str = "",
    warns: str = "",
    skips: str = "",
    within: str = "",
    ack: Operation | None = None,
    get: Operation | None = None,
    wrap: Wrap | None = None,
    gateway: Gateway = nullcontext,
    clock: Clock = utc_now,
    mint: Callable[[Clock], IdMint] = IdMint,
    replacing: Operations | None = None,
    **seams: Any,
) -> Server:
    """A server with another `ack` or `get`, other operations (`replacing`: path, then method), other decisions
    (`seams`), another clock or other ids, or a `wrap` around the application.

    Ids of requirements and chapters are separated by spaces. Times are shown in microseconds unless `render_work_item` says otherwise,
    so that no scenario has to wait for the next second.
    """
    decisions = {"render_work_item": in_microseconds, **seams}

    def build(tokens: Tokens) -> App:
        table = operations()
        for path, methods in (replacing or {}).items():
            table[path] |= methods
        if ack is not None:
            table[f"{_WORK_ITEM}/ack"]["POST"] = ack
        if get is not None:
            table[_WORK_ITEM]["GET"] = get
        app: App = build_app(_service(tokens, clock, mint(clock), replace(HEALTHY, **decisions)), table)
        return wrap(app, tokens) if wrap is not None else app

    return Server(
        id=server_id,
        departure=departure,
        build=build,
        fails=frozenset(fails.split()),
        warns=frozenset(warns.split()),
        skips=frozenset(skips.split()),
        within=frozenset(within.split()),
        gateway=gateway,
    )


def _service(tokens: Tokens, clock: Clock, mint: IdMint, seams: Seams) -> Service:
    store = Store()
    queue = WorkQueue(store=store, clock=clock, mint=mint, seams=seams)
    registry = Registry(store=store, queue=queue, clock=clock, mint=mint)
    return Service(tokens=tokens, seams=seams, store=store, queue=queue, registry=registry)


def in_microseconds(item: WorkItem) -> JsonObject:
    """The work item object with six fraction digits everywhere."""
    moments = {name: getattr(item, name) for name in _TIMES}
    return render_work_item(item) | {
        name: None if moment is None else microseconds(moment) for name, moment in moments.items()
    }


def judged(subject: Server, output: Path) -> RunRecord:
    """Run the suite on a server."""
    chapters = frozenset() if os.environ.get("WORK_CONFORMANCE_WHOLE_PLANS") else subject.within
    left_out = ELSEWHERE if subject.fails else frozenset[str]()
    plan = [
        line
        for line in full_plan()
        if (chapter := scenarios()[line.scenario].chapter) not in left_out and (not chapters or chapter in chapters)
    ]
    tokens = Tokens.generate()
    with EmulatorServer(subject.build(tokens)) as served, subject.gateway(served.base_url) as base_url:
        return judge_settings(settings_for(base_url, tokens, output), plan)


def ids(record: RunRecord, kind: VerdictKind) -> frozenset[str]:
    """The requirements with that verdict."""
    return frozenset(result.requirement.id for result in record.tally.of(kind))
