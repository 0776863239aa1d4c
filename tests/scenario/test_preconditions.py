"""Of an item's state a case asks for what its requirement depends on, and says in the target's words what it lacks."""

from __future__ import annotations

import asyncio
import random

import pytest

from conformance.arrange.item_spec import STATES, ItemSpec, StateMatch
from conformance.chapters.registry import scenarios
from conformance.client import read_lag as lag_module
from conformance.exchange import Transcript
from conformance.scenario import item_reader as reader_module
from conformance.scenario.context import ScenarioContext
from conformance.scenario.execute import execute_scenario
from conformance.target import Target
from tests.client.servers import connected, serving

from .conversations import WORKSPACE, Given, scenario, server
from .test_context import accepted
from .transcript_builder import begun, envelope, first_ack, refused, shown

ALL = {*STATES, "pending", None}


@pytest.mark.parametrize(
    ("state_match", "item_spec", "met"),
    [
        ("id", ItemSpec(), ALL),
        ("live", ItemSpec(), {"queued", "pending", None}),
        ("live", ItemSpec(transitions=("ack",)), {"starting", "pending", None}),
        ("over", ItemSpec(transitions=("stop",)), {"stopping", "stopped"}),
        ("state", ItemSpec(transitions=("ack", "heartbeat")), {"active"}),
    ],
)
def test_what_will_do_for_a_need(state_match: StateMatch, item_spec: ItemSpec, met: set[str | None]) -> None:
    wanted = ItemSpec(transitions=item_spec.transitions, state_match=state_match)
    assert {state for state in ALL if wanted.accepts_state(state)} == met


def test_only_what_depends_on_a_state_asks_for_it() -> None:
    needs = {scenario.id: scenario.item_spec.state_match for scenario in scenarios().values()}
    for name, state_match in needs.items():
        chapter = scenarios()[name].chapter
        if chapter in {"authentication", "authorization", "not-found", "environment-kind", "error-envelope"}:
            assert state_match == "id"
        elif chapter in {"retries", "races"} or name.startswith("terminal.stopping"):
            assert state_match == "state"
        elif name.startswith("terminal.right-after-stop."):
            assert state_match == "id", "its stop shows the state"
        elif name.startswith("terminal."):
            assert state_match == "over"
    assert needs["identity.other-worker.active"] == needs["identity.near-miss-suffix.queued"] == "live"
    assert needs["identity.header-case.other-id"] == needs["request.json-body.other-worker"] == "id"


def read_before(item_spec: ItemSpec, state: str, states: tuple[tuple[str, str], ...] = ()) -> Transcript:
    async def run_steps(stage: ScenarioContext) -> None:
        await stage.read_before(await stage.item())

    case = scenario(run_steps, item_spec=item_spec)

    async def run() -> Transcript:
        async with (
            serving(server(accepted, state)) as url,
            connected(url, target=Target(base_url=url, states=states)) as client,
        ):

            def stage(attempt: int) -> ScenarioContext:
                fresh = ScenarioContext(
                    client, WORKSPACE, item_spec=item_spec, seed=5, rng=random.Random(attempt), age=0
                )
                return fresh.with_arranger(Given)

            return await execute_scenario(case, stage, run="r", seed=5)

    return asyncio.run(run())


def test_a_foreign_name_is_told_as_the_target_has_it_and_mapped_where_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reader_module, "_MARGIN", 0)
    monkeypatch.setattr(lag_module, "LONGEST_LAG", 0)
    assert read_before(ItemSpec(state_match="id"), "pending").ending.kind == "complete"
    missed = read_before(ItemSpec(), "pending")
    assert missed.ending.kind == "precondition"
    assert missed.ending.reason is not None
    assert "`pending`" in missed.ending.reason.en
    assert "--map-state pending=queued" in missed.ending.reason.en
    documented = read_before(ItemSpec(), "starting").ending.reason
    assert documented is not None
    assert "--map-state" not in documented.en, "a documented state is taken for no other"
    mapped = read_before(ItemSpec(), "pending", (("pending", "queued"),))
    assert mapped.ending.kind == "complete"
    assert mapped.facts["states"] == {"pending": "queued"}


def test_checks_read_a_mapped_name_as_it_was_mapped_and_an_ack_as_it_is() -> None:
    dialog = first_ack()
    dialog.facts["states"] = {"claimed": "starting"}
    dialog.said("after", 200, shown("starting", state="claimed"))
    assert dialog.view().item("after")["state"] == "starting"
    assert dialog.verdict("ack.answer.get-agrees").kind == "passed"
    assert dialog.said("ack", 200, shown("starting", state="claimed")).verdict("ack.first.starting").kind == "failed"


def test_a_get_with_a_foreign_name_is_not_held_against_the_ack() -> None:
    dialog = first_ack().said("after", 200, shown("starting", state="claimed"))
    verdict = dialog.verdict("ack.answer.get-agrees")
    assert verdict.kind == "inconclusive"
    assert verdict.reason is not None
    assert "`claimed`" in verdict.reason.en
    dialog.said("after", 200, shown("starting", state="claimed", metadata={}))
    assert dialog.verdict("ack.answer.get-agrees").kind == "failed", "the rest is compared all the same"
    assert first_ack().said("after", 200, shown("active")).verdict("ack.answer.get-agrees").kind == "failed"


def test_an_item_that_is_still_being_stopped_may_come_to_its_end_between_two_reads() -> None:
    def ended(scenario_id: str, before: str, after: str) -> str:
        dialog = begun(scenario_id).said("before", 200, shown(before))
        dialog.said("ack", 409, envelope("invalid_request_error")).said("after", 200, shown(after))
        return dialog.verdict("ack.refused.changes-nothing").kind

    assert ended("terminal.stopped.while-queued", "stopping", "stopped") == "inconclusive"
    assert ended("terminal.stopped.while-queued", "stopped", "queued") == "failed"
    assert ended("terminal.stopping.from-starting", "stopping", "stopped") == "failed"
    assert refused().said("before", 200, shown("pending")).verdict("ack.refused.changes-nothing").kind == "failed"
