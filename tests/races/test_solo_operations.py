"""What an operation does alone is no fault of an ack that it overlaps; what only the overlap brings about still is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from conformance.chapters.ack.solo_operations import UndocumentedEffect, find_undocumented_effects
from conformance.chapters.registry import scenarios
from conformance.emulator import Tokens
from conformance.emulator.configuration import Mutation, ServerConfig, use_microseconds
from conformance.emulator.defects import DEFECTS
from conformance.emulator.work import State, WorkItem
from conformance.evidence import read_evidence
from conformance.judging.plan import full_plan
from conformance.judging.run_result import RunResult
from tests.runs import judge_app

from .test_rounds import transcripts

STOP, HEARTBEAT = "ack.race.stop", "ack.race.heartbeat"
STOPS = [each.id for each in scenarios().values() if STOP in each.requirements]


def straight_to_stopped(operation: Any) -> Any:
    """A graceful stop of any live item stops it at once."""

    async def called(call: Any) -> Any:
        reply = await operation(call)
        item = call.service.store.work_item(call.path["environment_id"], call.path["work_id"])
        if item is not None and item.state is State.STOPPING:
            stopped: WorkItem = replace(item, state=State.STOPPED, stopped_at=item.stop_requested_at)
            call.service.store.put_work(stopped)
            return type(reply)(call.service.policy.render_work_item(stopped))
        return reply

    return called


def odd_stop(server_config: ServerConfig) -> ServerConfig:
    return server_config.replace_operation(
        "POST", "/environments/{environment_id}/work/{work_id}/stop", straight_to_stopped
    )


class WithoutBody:
    """A path's 200 loses its body, and becomes a 204 unless another status is given."""

    def __init__(self, app: Any, ending: str, status: int = 204) -> None:
        self._app, self._ending, self._status = app, ending, status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def empty(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                message = {**message, "status": self._status, "headers": []}
            elif message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        matches = scope["type"] == "http" and scope["path"].endswith(self._ending)
        await self._app(scope, receive, empty if matches else send)


def judged(folder: Path, *changes: Mutation, wrap: Callable[[Any], Any] = lambda app: app) -> RunResult:
    tokens = Tokens.generate()
    server_config = use_microseconds(ServerConfig())
    for change in changes:
        server_config = change(server_config)
    plan = [line for line in full_plan() if line.scenario in {*STOPS, "race.heartbeat", "observe.neighbours"}]
    return judge_app(wrap(server_config.build(tokens)), tokens, folder, plan, race_repeat=2)


def kinds(record: RunResult, *requirements: str) -> list[str]:
    found = {result.requirement.id: result.kind for result in record.tally.results}
    return [found[requirement] for requirement in requirements]


def test_a_stop_that_stops_at_once_fails_no_race(tmp_path: Path) -> None:
    record = judged(tmp_path / "run", odd_stop)
    assert kinds(record, STOP, HEARTBEAT) == ["passed", "passed"]
    [told] = [v.observation for v in record.verdicts if v.line.requirement == "ack.observe.neighbours"]
    assert told is not None
    assert "a graceful stop in `starting` returns HTTP 200 and leaves the item `stopped`" in told.en
    again = read_evidence(tmp_path / "run").rejudge()
    assert {v.line: v for v in again.verdicts} == {v.line: v for v in record.verdicts}


@pytest.mark.parametrize("defect", ["race.stop-lost", "race.ack-overwrites", "race.window-50-ms"])
def test_beside_a_stop_that_stops_at_once_a_lost_stop_still_fails(defect: str, tmp_path: Path) -> None:
    record = judged(tmp_path / "run", odd_stop, DEFECTS[defect].apply_to)
    assert kinds(record, STOP) == ["failed"]


@pytest.mark.parametrize("ending", ["/stop", "/heartbeat"])
def test_a_response_without_a_body_is_no_fault_of_an_ack(ending: str, tmp_path: Path) -> None:
    record = judged(tmp_path / "run", wrap=lambda app: WithoutBody(app, ending))
    assert kinds(record, STOP, HEARTBEAT) == ["passed", "passed"]


@pytest.mark.parametrize("status", [200, 204])
@pytest.mark.parametrize("defect", ["race.stop-lost", "race.ack-overwrites", "race.window-50-ms"])
def test_beside_a_stop_without_a_body_a_lost_stop_still_fails(defect: str, status: int, tmp_path: Path) -> None:
    record = judged(
        tmp_path / "run", DEFECTS[defect].apply_to, wrap=lambda app: WithoutBody(app, "/stop", status=status)
    )
    assert kinds(record, STOP) == ["failed"]


def test_an_ack_that_is_wrong_alone_blocks_the_race_and_is_judged_by_itself(tmp_path: Path) -> None:
    """Every ack of a stopped item succeeds and revives it: that is no matter of an overlap."""
    tokens = Tokens.generate()
    defect = DEFECTS["terminal.forced-revived"]
    names = {*STOPS, *(each.id for each in scenarios().values() if each.chapter == "terminal-states")}
    plan = [line for line in full_plan() if line.scenario in names]
    app = defect.apply_to(use_microseconds(ServerConfig())).build(tokens)
    record = judge_app(app, tokens, tmp_path / "run", plan, race_repeat=2)
    assert {result.requirement.id for result in record.tally.requirements_with_verdict("failed")} == {
        "ack.terminal.stopped-forced"
    }
    races = [verdict for verdict in record.verdicts if verdict.line.requirement == STOP]
    assert {verdict.blocked_by for verdict in races if verdict.kind == "inconclusive"} == {
        "ack.terminal.stopped-forced"
    }
    assert {verdict.kind for verdict in races} <= {"passed", "inconclusive"}


def test_what_is_documented_is_no_oddity(tmp_path: Path) -> None:
    judged(tmp_path / "run")
    seen = list(transcripts(tmp_path / "run"))
    assert find_undocumented_effects(seen) == []
    [alone] = [each for each in seen if each.scenario == "observe.neighbours"]
    assert len(alone.exchanges) > 50


@pytest.mark.parametrize(
    "damaged", [{"phase": "nowhere"}, {"after": None}, {"status": "200"}, {"surprise": 1}], ids=str
)
def test_a_fact_that_is_no_oddity_is_left_out(damaged: dict[str, Any]) -> None:
    sound = UndocumentedEffect("stop", False, "starting", 200, "stopped", "stopped")
    assert UndocumentedEffect.from_json(sound.to_json()) == sound
    assert UndocumentedEffect.from_json({**sound.to_json(), **damaged}) is None
