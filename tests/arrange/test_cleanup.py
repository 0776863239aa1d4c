"""The run's own objects are found and removed on the emulator, and nothing else is."""

from __future__ import annotations

import json

import pytest

from conformance.arrange.api_arranger import ApiArranger
from conformance.arrange.cleanup import (
    UnremovedResource,
    find_resources,
    remove_resources,
    run_of,
)
from conformance.arrange.environments import RunResources, create_run_resources
from conformance.arrange.item_spec import ItemSpec
from conformance.arrange.journal import Journal, JournaledResource, new_run_id
from conformance.arrange.resource_names import object_name
from conformance.arrange.responses import CannotArrange
from conformance.client.api import Api
from conformance.exchange import Exchange

from .account import OTHER, RUN, on
from .conftest import FORBIDDEN

pytestmark = pytest.mark.usefixtures("no_pauses")


def test_everything_that_prepare_and_arrange_make_is_removed(emulator: str, journal: Journal) -> None:
    run_id = new_run_id()

    async def use(
        api: Api,
    ) -> tuple[RunResources, list[JournaledResource], list[UnremovedResource], list[JournaledResource]]:
        run_resources = await create_run_resources(api, journal, run_id)
        for number in range(3):
            item = await ApiArranger(api, run_resources, journal, f"s{number}").item(ItemSpec(), None)
            assert item.environment_id == run_resources.main
        return (
            run_resources,
            await find_resources(api, run_id),
            await remove_resources(api, journal.read()),
            await find_resources(api, run_id),
        )

    run_resources, found, leftovers, after = on(emulator, use)
    assert {m.id for m in found} >= {run_resources.main, run_resources.quiet, run_resources.cloud, run_resources.agent}
    assert {(m.collection, m.name, m.id) for m in found} == {(m.collection, m.name, m.id) for m in journal.read()}
    assert [m.collection for m in found].count("sessions") == 3
    assert leftovers == []
    assert after == []


def test_an_environment_is_of_the_kind_that_its_place_needs(emulator: str, journal: Journal) -> None:
    async def use(api: Api) -> dict[str, str]:
        run_resources = await create_run_resources(api, journal, new_run_id())
        listing = await api.list_objects("list", "environments")
        assert listing.response is not None
        kinds = {entry["id"]: entry["config"]["type"] for entry in json.loads(listing.response.body.text)["data"]}
        return {place: kinds[getattr(run_resources, place)] for place in ("main", "quiet", "cloud")}

    assert on(emulator, use) == {"main": "self_hosted", "quiet": "self_hosted", "cloud": "cloud"}


def test_another_run_is_left_alone(emulator: str, journal: Journal) -> None:
    async def use(api: Api) -> tuple[list[JournaledResource], list[JournaledResource]]:
        await create_run_resources(api, journal, RUN)
        await create_run_resources(api, journal, OTHER)
        assert await remove_resources(api, [m for m in journal.read() if run_of(m) == RUN]) == []
        return await find_resources(api, RUN), await find_resources(api, OTHER)

    mine, others = on(emulator, use)
    assert mine == []
    assert len(others) == 4


def test_what_was_made_by_hand_is_not_found(emulator: str) -> None:
    async def use(api: Api) -> list[JournaledResource]:
        for name in ("production", "work-conformance", "work-conformance-manual-main", f"x-{object_name(RUN, 'main')}"):
            await api.create_environment("make", name=name, kind="self_hosted", metadata={"run": RUN})
        return await find_resources(api)

    assert on(emulator, use) == []


def test_work_is_stopped_before_its_session_goes(emulator: str, journal: Journal) -> None:
    async def use(api: Api) -> tuple[list[UnremovedResource], Exchange]:
        run_resources = await create_run_resources(api, journal, RUN)
        item = await ApiArranger(api, run_resources, journal, "s").item(ItemSpec(), None)
        environments = [m for m in journal.read() if m.collection == "environments"]
        leftovers = await remove_resources(api, environments)  # a session refers to it: it can only be archived
        return leftovers, await api.get("get", item.environment_id, item.work_id)

    leftovers, exchange = on(emulator, use)
    assert leftovers == []
    assert exchange.response is not None
    assert json.loads(exchange.response.body.text)["state"] == "stopped"


def test_a_token_that_may_not_create_cannot_arrange(emulator: str, journal: Journal) -> None:
    with pytest.raises(CannotArrange) as refusal:
        on(emulator, lambda api: create_run_resources(api, journal, RUN), FORBIDDEN)
    assert "403" in refusal.value.reason.en
    assert refusal.value.step == "create-environment.main"
    assert journal.read() == []


def test_a_search_that_is_not_needed_is_not_made(emulator: str, journal: Journal) -> None:
    made = JournaledResource("environments", object_name(RUN, "main"), "env_unknown")
    assert on(emulator, lambda api: remove_resources(api, [made])) == []
