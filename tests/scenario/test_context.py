"""What a scenario may do, and what it leaves in the transcript."""

from __future__ import annotations

import json

import pytest

from conformance.arrange.item_spec import Item, ItemSpec
from conformance.arrange.responses import CannotArrange, NotSupported
from conformance.client import read_lag as lag_module
from conformance.client.api import Api
from conformance.exchange import Header, Transcript
from conformance.scenario import context as stage_module
from conformance.scenario import item_reader as reader_module
from conformance.scenario.context import REDELIVERY_PATIENCE, ScenarioContext
from conformance.scenario.transcript_view import TranscriptView
from conformance.text import Text
from tests.client.servers import PAT, Answer, Received, answer

from . import conversations as held_module
from .conversations import Given, run_scenario, scenario, server
from .transcript_builder import ENVIRONMENT, WORK, shown


def accepted(_: Received) -> Answer:
    return answer(200, json.dumps(shown("starting")), [("Content-Type", "application/json")])


def test_an_item_is_told_in_the_facts_and_seen_where_the_arranger_saw_it() -> None:
    async def run_steps(stage: ScenarioContext) -> None:
        item = await stage.item()
        assert item.worker is not None
        assert stage.owner_headers(item) == (("Worker-ID", item.worker),)
        assert stage.owner_headers(item, "worker-id") == (("worker-id", item.worker),)

    case = scenario(run_steps, item_spec=ItemSpec(transitions=("ack", "stop"), place="quiet"))
    transcript, _ = run_scenario(case, server(accepted))
    assert transcript.ending.kind == "complete"
    worker = transcript.facts["worker"]
    assert transcript.facts == {
        "arranged_by": "given",
        "place": "quiet",
        "way": ["ack", "stop"],
        "worker": worker,
        "seen_by": "arrange.get",
        "environment_id": ENVIRONMENT,
        "work_id": WORK,
    }
    assert worker.startswith("conformance-")
    assert Transcript.from_json(json.loads(transcript.dumps())) == transcript
    view = TranscriptView(case, transcript)
    assert view.polled_item() == shown()
    assert view.is_item_prepared_elsewhere()


def test_an_item_without_a_name_has_no_rightful_header() -> None:
    async def run_steps(stage: ScenarioContext) -> None:
        item = await stage.item()
        assert (item.worker, stage.owner_headers(item)) == (None, ())

    transcript, _ = run_scenario(scenario(run_steps, item_spec=ItemSpec(named=False)), server(accepted))
    assert (transcript.ending.kind, transcript.facts["worker"]) == ("complete", None)


def test_a_header_in_another_spelling_reaches_the_arranger(monkeypatch: pytest.MonkeyPatch) -> None:
    spelled: list[str | None] = []

    class Spelling(Given):
        async def item(
            self, item_spec: ItemSpec, worker: str | None, *, header: str | None = None, name: str = ""
        ) -> Item:
            spelled.append(header)
            return await super().item(item_spec, worker, name=name)

    async def run_steps(stage: ScenarioContext) -> None:
        await stage.item()
        await stage.item(header="WORKER-ID")

    monkeypatch.setattr(held_module, "Given", Spelling)
    run_scenario(scenario(run_steps), server(accepted))
    assert spelled == [None, "WORKER-ID"]


def test_an_item_in_another_state_than_wanted_is_a_precondition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "_MARGIN", 0)
    monkeypatch.setattr(lag_module, "LONGEST_LAG", 0)

    async def run_steps(stage: ScenarioContext) -> None:
        await stage.read_before(await stage.item())

    for item_spec, state, ending in [
        (ItemSpec(), "queued", ("complete", None)),
        (ItemSpec(transitions=("ack",)), "starting", ("complete", None)),
        (ItemSpec(transitions=("ack", "stop")), "stopping", ("complete", None)),
        (ItemSpec(transitions=("ack",)), "queued", ("precondition", "before")),
        (ItemSpec(), "starting", ("precondition", "before")),
    ]:
        transcript, _ = run_scenario(scenario(run_steps, item_spec=item_spec), server(accepted, state))
        assert (transcript.ending.kind, transcript.ending.step) == ending


def test_an_ack_may_have_a_form_of_its_own() -> None:
    async def run_steps(stage: ScenarioContext) -> None:
        item = await stage.item()
        await stage.try_ack("plain", item)
        await stage.try_ack("put", item, method="PUT", suffix="/", query={"a": "1"}, body="{", work_id="work 1/2")
        await stage.try_ack("elsewhere", item, (("Worker-ID", "工作"),), environment_id="env_x")

    handler = server(accepted)
    _, (plain, *_) = run_scenario(scenario(run_steps), handler)
    assert (plain.method, plain.path) == ("POST", f"/api/v1/cloud/environments/{ENVIRONMENT}/work/{WORK}/ack")
    _, _, put, elsewhere = handler.requests
    assert (put.method, put.path.rpartition("/work/")[2], put.body) == ("PUT", "work%201%2F2/ack/?a=1", b"{")
    assert "/env_x/" in elsewhere.path
    assert elsewhere.header("worker-id") == "工作".encode().decode("latin-1")
    assert elsewhere.header("authorization") == f"Bearer {PAT}"


@pytest.mark.parametrize(("reply", "kind"), [(answer(502), "inconclusive"), (None, "inconclusive")])
def test_only_an_ack_that_must_be_answered_ends_the_conversation_when_it_is_lost(reply: Answer, kind: str) -> None:
    async def must(stage: ScenarioContext) -> None:
        await stage.ack("ack", await stage.item())

    async def may(stage: ScenarioContext) -> None:
        exchange = await stage.try_ack("ack", await stage.item())
        assert exchange.outcome == "unknown"

    transcript, acks = run_scenario(scenario(must), server(lambda _: reply))
    assert (transcript.ending.kind, transcript.attempt, len(acks)) == (kind, 4, 4)
    transcript, acks = run_scenario(scenario(may), server(lambda _: reply))
    assert (transcript.ending.kind, transcript.attempt, len(acks)) == ("complete", 1, 1)


def test_a_second_delivery_is_where_the_item_was_last_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[tuple[Header, ...], float]] = []

    class Delivering(Given):
        def __init__(self, api: Api) -> None:
            super().__init__(api)
            self.again = api

        async def redeliver(self, item: Item, headers: tuple[Header, ...], *, patience: float) -> Item:
            given.append((headers, patience))
            await self.again.get("redeliver.poll.3", item.environment_id, item.work_id)
            return Item(
                environment_id=ENVIRONMENT,
                work_id=WORK,
                place="quiet",
                worker="w",
                delivery_step="redeliver.poll.3",
                observed_body={},
            )

    async def run_steps(stage: ScenarioContext) -> None:
        await stage.redeliver(await stage.item(), (("Worker-ID", "w"),))

    monkeypatch.setattr(held_module, "Given", Delivering)
    transcript, _ = run_scenario(scenario(run_steps), server(accepted))
    assert (transcript.ending.kind, transcript.facts["seen_by"]) == ("complete", "redeliver.poll.3")
    assert given == [((("Worker-ID", "w"),), REDELIVERY_PATIENCE)]


@pytest.mark.parametrize(
    ("trouble", "kind", "step"),
    [
        (NotSupported(Text("not here", "此处没有")), "not-exercised", None),
        (CannotArrange(Text("none left", "没有了"), "manifest"), "inconclusive", "manifest"),
    ],
)
def test_an_arranger_that_has_no_item_ends_the_conversation(
    monkeypatch: pytest.MonkeyPatch, trouble: Exception, kind: str, step: str | None
) -> None:
    class Empty(Given):
        async def item(
            self, item_spec: ItemSpec, worker: str | None, *, header: str | None = None, name: str = ""
        ) -> Item:
            raise trouble

    async def run_steps(stage: ScenarioContext) -> None:
        await stage.item()

    monkeypatch.setattr(held_module, "Given", Empty)
    transcript, acks = run_scenario(scenario(run_steps), server(accepted))
    assert (transcript.ending.kind, transcript.ending.step, transcript.facts, acks) == (kind, step, {}, [])


def test_a_transcript_holds_only_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body for which there is no room left is kept as too large, and later small ones are kept."""
    bodies = iter(["{}" + " " * 3000, "{}" + " " * 3000, "{}", "{}" + " " * 4000])
    monkeypatch.setattr(stage_module, "MAX_KEPT", 4000)

    async def run_steps(stage: ScenarioContext) -> None:
        item = await stage.item()
        for number in range(4):
            await stage.ack(f"ack.{number}", item)

    transcript, _ = run_scenario(scenario(run_steps), server(lambda _: answer(200, next(bodies))))
    kept = [transcript.find(f"ack.{number}") for number in range(4)]
    found = [(each.response.body.problem, len(each.response.body.text)) for each in kept if each and each.response]
    assert found == [(None, 3002), ("too-large", 0), (None, 2), ("too-large", 0)]
    assert {each.response.status for each in kept if each and each.response} == {200}
