"""Several items in one case: each its worker's, each under steps of its own."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from conformance.arrange.api_arranger import ApiArranger, Arranger
from conformance.arrange.environments import create_run_resources
from conformance.arrange.item_spec import Item, ItemSpec
from conformance.arrange.journal import Journal, new_run_id
from conformance.arrange.prepared_items import ManifestArranger
from conformance.client.api import Api
from conformance.emulator import EmulatorServer, Tokens, create_app
from conformance.exchange import Transcript
from conformance.scenario.context import ScenarioContext
from conformance.scenario.execute import execute_scenario
from conformance.scenario.transcript_view import TranscriptView
from conformance.target import Credentials, Secret
from tests.client.servers import connected

from .conversations import run_scenario, scenario, server
from .test_context import accepted

TOKENS = Tokens.generate()
OWNER = Credentials(pat=Secret(TOKENS.owner, "${QODER_PAT}"))
STARTING = ItemSpec(transitions=("ack",), items=3)


async def three(stage: ScenarioContext) -> None:
    """Items of two workers, one of which has two."""
    first, second = stage.worker_id(), stage.worker_id()
    items = await stage.items({"a": first, "b": second, "c": first})
    assert [item.worker for item in items.values()] == [first, second, first]
    for name, item in items.items():
        await stage.get(f"after.{name}", item)
        await stage.ack(f"foreign.{name}", item, stage.worker_headers(second if item.worker == first else first))


def on_the_emulator(item_spec: ItemSpec, journal: Journal) -> tuple[Transcript, Journal]:
    case = scenario(three, item_spec=item_spec)

    async def run(base_url: str) -> Transcript:
        async with connected(base_url, credentials=OWNER) as client:
            run_resources = await create_run_resources(Api(client, lambda _: None), journal, new_run_id())

            def stage(attempt: int) -> ScenarioContext:
                def arranger(api: Api) -> Arranger:
                    return ApiArranger(api, run_resources, journal, f"case-{attempt}")

                return ScenarioContext(
                    client, run_resources, item_spec=item_spec, seed=5, rng=random.Random(attempt), age=0
                ).with_arranger(arranger)

            return await execute_scenario(case, stage, run="r", seed=5)

    with EmulatorServer(create_app(tokens=TOKENS)) as emulator:
        return asyncio.run(run(emulator.base_url)), journal


@pytest.fixture(scope="module")
def performed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Transcript, Journal]:
    return on_the_emulator(STARTING, Journal(tmp_path_factory.mktemp("items") / "journal.jsonl"))


def test_each_item_is_another_one_of_the_same_environment(performed: tuple[Transcript, Journal]) -> None:
    transcript, _ = performed
    assert transcript.ending.kind == "complete", transcript.ending
    items = transcript.facts["items"]
    assert list(items) == ["a", "b", "c"]
    assert len({item["work_id"] for item in items.values()}) == 3
    assert len({item["environment_id"] for item in items.values()}) == 1
    assert items["a"]["worker"] == items["c"]["worker"] != items["b"]["worker"]
    assert transcript.facts.items() >= items["a"].items(), "the first is told as if it were the only one"
    assert transcript.facts["arranged_by"] == "api"


def test_each_item_is_its_workers(performed: tuple[Transcript, Journal]) -> None:
    transcript, _ = performed
    view = TranscriptView(scenario(three, item_spec=STARTING), transcript)
    for name, item in transcript.facts["items"].items():
        assert view.item(item["seen_by"])["id"] == view.item(f"after.{name}")["id"] == item["work_id"]
        assert view.item(f"after.{name}")["state"] == "starting"
        assert view.response(f"foreign.{name}").status == 409


def test_every_step_is_there_once_and_under_its_items_name(performed: tuple[Transcript, Journal]) -> None:
    transcript, _ = performed
    steps = Counter(exchange.step for exchange in transcript.exchanges)
    assert set(steps.values()) == {1}
    for prefix in ("", "b.", "c."):
        assert {f"{prefix}arrange.{step}" for step in ("session", "message", "poll.1", "ack")} <= set(steps)
    assert not any(step.startswith("a.") for step in steps)


def test_every_session_is_journalled_under_a_name_of_its_own(performed: tuple[Transcript, Journal]) -> None:
    _, journal = performed
    sessions = [made for made in journal.read() if made.collection == "sessions"]
    assert len({made.name for made in sessions}) == len({made.id for made in sessions}) == 3


def test_an_item_that_cannot_be_had_ends_the_conversation_when_nothing_is_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one arrangement fails at does not cut the others off in the middle of a request."""
    over: list[str] = []
    bring = ApiArranger.item

    async def item(
        self: ApiArranger, item_spec: ItemSpec, worker: str | None, *, header: str | None = None, name: str = ""
    ) -> Item:
        if name == "b":
            raise RuntimeError("boom")
        found = await bring(self, item_spec, worker, name=name)
        over.append(name)
        return found

    monkeypatch.setattr(ApiArranger, "item", item)
    transcript, _ = on_the_emulator(STARTING, Journal(tmp_path / "journal.jsonl"))
    assert transcript.ending.kind == "suite-error"
    assert sorted(over) == ["", "c"]


def test_several_items_are_not_asked_of_whoever_gives_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the case did not say beforehand that it would."""
    from conformance.arrange.item_assignment import assign_items

    from . import conversations as held_module

    def given(api: Api) -> Arranger:
        return ManifestArranger(api, assign_items([], []), Journal(tmp_path / "journal.jsonl"), "a.case")

    monkeypatch.setattr(held_module, "Given", given)
    transcript, acks = run_scenario(scenario(three), server(accepted))
    assert (transcript.ending.kind, transcript.exchanges, acks) == ("not-exercised", (), [])


def test_a_case_of_several_items_costs_as_many() -> None:
    one, many = scenario(three, item_spec=ItemSpec(transitions=("ack",))), scenario(three, item_spec=STARTING)
    assert many.writes - one.writes == 2 * 4, "session, message, stop and delete for each more"
