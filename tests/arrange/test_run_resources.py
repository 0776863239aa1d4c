"""The objects that all scenarios share: environments, agent and model."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from conformance.arrange.api_arranger import ApiArranger
from conformance.arrange.cleanup import (
    clean_up_scenario_items,
    find_resources,
)
from conformance.arrange.environments import ResourceFactory, RunResources, create_run_resources
from conformance.arrange.item_spec import ItemSpec
from conformance.arrange.journal import Journal, JournaledResource, new_run_id
from conformance.arrange.responses import CannotArrange
from conformance.client.api import Api
from tests.client.servers import Answer, Received, Scripted, answer

from .account import RUN, Account, against, on, prepared

pytestmark = pytest.mark.usefixtures("no_pauses")


def test_a_model_of_the_account_is_chosen(journal: Journal) -> None:
    models: list[str] = []
    account = Account()

    def respond(request: Received) -> Answer:
        if request.method == "POST" and request.path.endswith("/agents"):
            models.append(json.loads(request.body)["model"])
        return account(request)

    against(Scripted(respond=respond), lambda api: create_run_resources(api, journal, RUN))
    assert models == ["tiny"]


def test_a_case_that_is_over_is_cleared_of_what_this_run_made_and_nothing_else(emulator: str, journal: Journal) -> None:
    """An item names its session: one that the run did not make is somebody's, whatever the target says."""
    mine, strange = new_run_id(), new_run_id()

    async def use(api: Api) -> tuple[list[JournaledResource], list[JournaledResource], list[JournaledResource]]:
        run_resources = await create_run_resources(api, journal, mine)
        arranger = ApiArranger(api, run_resources, journal, "s")
        item = await arranger.item(ItemSpec(), None)
        maker = ResourceFactory(api, Journal(journal.path.with_name("other")), strange)
        other = await maker.session("s", "s", agent=run_resources.agent, environment=run_resources.main)
        lying = replace(item, observed_body={**item.observed_body, "data": {"type": "session", "id": other}})
        await clean_up_scenario_items(api, journal, [lying])
        kept = [made for made in journal.read() if made.collection == "sessions"]
        assert arranger.items_to_clean_up == [item]
        await clean_up_scenario_items(api, journal, arranger.items_to_clean_up)
        return (
            kept,
            await find_resources(api, strange),
            [made for made in await find_resources(api, mine) if made.collection == "sessions"],
        )

    kept, others, left = on(emulator, use)
    assert (len(kept), len(others), left) == (1, 1, [])
    assert [made for made in journal.read() if made.collection == "sessions"] == []


@pytest.mark.parametrize("listing", ["null", "{}", '{"data": 3}', '{"data": [{}]}', '{"data": [null]}', "oops"])
def test_without_a_usable_list_of_models_the_documented_one_is_used(journal: Journal, listing: str) -> None:
    models: list[str] = []
    account = Account()

    def respond(request: Received) -> Answer:
        if request.path.endswith("/models"):
            return answer(200, listing)
        if request.method == "POST" and request.path.endswith("/agents"):
            models.append(json.loads(request.body)["model"])
        return account(request)

    against(Scripted(respond=respond), lambda api: create_run_resources(api, journal, RUN))
    assert models == ["auto"]


def test_the_other_environments_are_optional_and_a_second_kind_is_tried(journal: Journal) -> None:
    account = Account()

    def respond(request: Received) -> Answer:
        if request.method == "POST" and request.path.endswith("/environments"):
            document = json.loads(request.body)
            if document["name"] == prepared("quiet") or document["config"]["type"] == "cloud":
                return answer(400)
        return account(request)

    run_resources = against(Scripted(respond=respond), lambda api: create_run_resources(api, journal, RUN))
    assert run_resources.quiet is None
    assert run_resources.cloud is not None
    assert account.names("environments") == [prepared("main"), prepared("not-self-hosted-managed")]
    assert RunResources(**run_resources.to_json()) == run_resources
    assert {m.name for m in journal.read()} == {*account.names("environments"), prepared("agent")}


@pytest.mark.parametrize("body", ["null", "[]", "{}", '{"id": ""}', '{"id": 7}', '{"id": ".."}', "oops"])
def test_an_environment_without_a_usable_id_cannot_be_arranged(journal: Journal, body: str) -> None:
    server = Scripted([answer(201, body)])
    with pytest.raises(CannotArrange):
        against(server, lambda api: create_run_resources(api, journal, RUN))
    assert journal.read() == [JournaledResource("environments", prepared("main"), None)]
