"""An item on its way: what the responses of other operations leave open, a get decides."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest

from conformance.arrange import transitions as way_module
from conformance.arrange.item_spec import Item, ItemSpec, Transition
from conformance.arrange.responses import CannotArrange, NoUsableResponse, PreconditionNotMet
from conformance.arrange.transitions import TransitionRunner
from conformance.client.api import Api
from conformance.exchange import Exchange
from conformance.target import Target
from tests.client.servers import Answer, Received, Scripted, answer, connected, serving
from tests.scenario.transcript_builder import ENVIRONMENT, WORK, shown

ITEM = Item(
    environment_id=ENVIRONMENT, work_id=WORK, place="main", worker="w", delivery_step="poll", observed_body=shown()
)
JSON = [("Content-Type", "application/json")]


def work(state: str) -> bytes:
    return answer(200, json.dumps(shown(state)), JSON)


def gone(
    answers: dict[str, Answer], states: list[str], *verbs: Transition, mapped: tuple[tuple[str, str], ...] = ()
) -> list[Exchange]:
    """What was exchanged on the way, where operations respond so and gets show these states, the last one for ever."""
    exchanges: list[Exchange] = []
    left = list(states)

    def respond(request: Received) -> Answer:
        if request.method == "GET":
            return work(left.pop(0) if len(left) > 1 else left[0])
        return answers[request.path.rpartition("/")[2].partition("?")[0]]

    async def run() -> None:
        async with (
            serving(Scripted(respond=respond)) as url,
            connected(url, target=Target(base_url=url, states=mapped)) as client,
        ):
            await TransitionRunner(Api(client, exchanges.append), ITEM, (), lambda step: f"arrange.{step}").go(
                ItemSpec(transitions=verbs)
            )

    asyncio.run(run())
    return exchanges


def steps(exchanges: list[Exchange]) -> list[str]:
    return [exchange.step for exchange in exchanges]


def test_what_the_answers_show_needs_no_get() -> None:
    exchanges = gone({"ack": work("starting"), "heartbeat": work("active")}, ["queued"], "ack", "heartbeat")
    assert steps(exchanges) == ["arrange.ack", "arrange.heartbeat"]


@pytest.mark.parametrize(
    "odd", [answer(204), answer(202, b""), answer(200, "OK", [("Content-Type", "text/plain")]), answer(200, "{}", JSON)]
)
def test_an_operation_that_succeeded_and_shows_nothing_is_settled_by_a_get(odd: bytes) -> None:
    assert steps(gone({"stop": odd}, ["stopped"], "stop")) == ["arrange.stop.1", "arrange.get.1.1"]


def test_what_takes_effect_later_is_waited_for() -> None:
    exchanges = gone(
        {"ack": work("starting"), "stop": answer(202)}, ["starting", "starting", "stopping"], "ack", "stop"
    )
    assert steps(exchanges)[-1] == "arrange.get.2.3"


def test_it_is_not_waited_for_where_another_state_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    exchanges = gone({"ack": work("starting"), "stop": answer(204)}, ["stopped"], "ack", "stop")
    assert steps(exchanges) == ["arrange.ack", "arrange.stop.2", "arrange.get.2.1"]
    monkeypatch.setattr(way_module, "SETTLE_SECONDS", 0.0)
    assert steps(gone({"stop": answer(204)}, ["failed"], "stop")) == ["arrange.stop.1", "arrange.get.1.1"]


def test_a_mapped_name_is_the_wanted_state() -> None:
    exchanges = gone({"stop": answer(204)}, ["failed"], "stop", mapped=(("failed", "stopped"),))
    assert steps(exchanges) == ["arrange.stop.1", "arrange.get.1.1"]


def test_a_stop_whose_answer_was_lost_is_settled_by_a_get(monkeypatch: pytest.MonkeyPatch) -> None:
    assert steps(gone({"stop": None}, ["stopped"], "stop")) == ["arrange.stop.1", "arrange.get.1.1"]
    monkeypatch.setattr(way_module, "SETTLE_SECONDS", 0.0)
    with pytest.raises(NoUsableResponse):
        gone({"stop": None}, ["queued"], "stop")


def test_an_ack_that_was_accepted_otherwise_is_settled_by_a_get() -> None:
    assert steps(gone({"ack": answer(202)}, ["starting"], "ack")) == ["arrange.ack", "arrange.get.1.1"]


@pytest.mark.parametrize("refused", [answer(409, "{}", JSON), answer(500, "{}", JSON)])
def test_a_refused_ack_is_a_precondition_and_another_refusal_is_not(refused: bytes) -> None:
    def raising(error: type[Exception], call: Callable[[], object]) -> None:
        with pytest.raises(error):
            call()

    raising(PreconditionNotMet, lambda: gone({"ack": refused}, ["starting"], "ack"))
    raising(CannotArrange, lambda: gone({"stop": refused}, ["stopped"], "stop"))


def test_an_accepted_ack_that_starts_nothing_is_a_precondition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(way_module, "SETTLE_SECONDS", 0.0)
    with pytest.raises(PreconditionNotMet):
        gone({"ack": answer(202)}, ["queued"], "ack")
