"""The arrangers of given items, each against a real emulator: once only, spare ones, and what a get shows."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from conformance.arrange.api_arranger import ApiArranger
from conformance.arrange.command_arranger import ArrangeProgram
from conformance.arrange.environments import RunResources, create_run_resources
from conformance.arrange.item_assignment import ItemAssignment, assign_items
from conformance.arrange.item_source import ArrangeConfig, ArrangerFactory
from conformance.arrange.item_spec import Item, ItemSpec
from conformance.arrange.journal import Journal, new_run_id
from conformance.arrange.manifest import Manifest, ManifestEntry
from conformance.arrange.manifest_writer import make_manifest
from conformance.arrange.prepared_items import CommandArranger, ManifestArranger, read_prepared_item
from conformance.arrange.responses import CannotArrange, NotSupported
from conformance.client.api import Api
from tests.client.servers import answer, connected, script, serving

from .conftest import OWNER

T = TypeVar("T")
QUEUED, ACTIVE = ItemSpec(), ItemSpec(transitions=("ack", "heartbeat"))
NOWHERE = RunResources(run_id="run", main="", agent="")


def on(base_url: str, use: Callable[[Api], Awaitable[T]]) -> T:
    async def run() -> T:
        async with connected(base_url, credentials=OWNER) as client:
            return await use(Api(client, lambda _: None))

    return asyncio.run(run())


def made(emulator: str, folder: Path, *item_specs: ItemSpec, spare: int = 0) -> Manifest:
    journal = Journal(folder / "made.jsonl")
    manifest, lacks = on(
        emulator, lambda api: make_manifest(api, journal, new_run_id(), item_specs, spare=spare, at_once=4)
    )
    assert lacks == []
    assert manifest is not None
    return manifest


def allotted(manifest: Manifest, **plan: ItemSpec) -> ItemAssignment:
    return assign_items(plan.items(), manifest.items)


def taken(
    emulator: str, item_assignment: ItemAssignment, journal: Journal, case: str, item_spec: ItemSpec, times: int = 1
) -> list[Item]:
    async def use(api: Api) -> list[Item]:
        return [await ManifestArranger(api, item_assignment, journal, case).item(item_spec, None) for _ in range(times)]

    return on(emulator, use)


def test_an_entry_is_brought_as_a_get_shows_it(emulator: str, journal: Journal, tmp_path: Path) -> None:
    manifest = made(emulator, tmp_path, ACTIVE)
    [item] = taken(emulator, allotted(manifest, a=ACTIVE), journal, "a", ACTIVE)
    assert (item.work_id, item.worker) == (manifest.items[0].work_id, manifest.items[0].worker_id)
    assert item.observed_body["id"] == item.work_id
    assert item.observed_body["state"] == "active"
    assert item.delivery_step == "arrange.get"


def test_another_attempt_takes_a_spare_and_then_there_is_none(emulator: str, journal: Journal, tmp_path: Path) -> None:
    item_assignment = allotted(made(emulator, tmp_path, QUEUED, spare=1), a=QUEUED)
    first, second = taken(emulator, item_assignment, journal, "a", QUEUED, times=2)
    assert first.work_id != second.work_id
    with pytest.raises(CannotArrange, match=r"no spare one that is `queued` \(polled with a Worker-ID\)"):
        taken(emulator, item_assignment, journal, "a", QUEUED)


def test_a_spare_is_taken_once_whoever_asks(emulator: str, journal: Journal, tmp_path: Path) -> None:
    """Two processes have the same journal, and nothing else in common."""
    item_assignment = allotted(made(emulator, tmp_path, QUEUED, QUEUED, spare=1), a=QUEUED, b=QUEUED)
    mine = taken(emulator, item_assignment, journal, "a", QUEUED, times=2)
    theirs = taken(emulator, item_assignment, Journal(journal.path), "b", QUEUED)
    assert len({item.work_id for item in (*mine, *theirs)}) == 3
    with pytest.raises(CannotArrange):
        taken(emulator, item_assignment, Journal(journal.path), "b", QUEUED)


def test_too_few_are_named_and_counted(emulator: str, journal: Journal, tmp_path: Path) -> None:
    item_assignment = allotted(made(emulator, tmp_path, ACTIVE), a=ACTIVE, b=ACTIVE, c=ItemSpec(named=False))
    with pytest.raises(CannotArrange, match=r"`active` \(polled with a Worker-ID\): 2 needed, 1 found"):
        taken(emulator, item_assignment, journal, "b", ACTIVE)
    with pytest.raises(CannotArrange, match=r"`queued` \(polled without a Worker-ID\): 1 needed, 0 found"):
        taken(emulator, item_assignment, journal, "c", ItemSpec(named=False))


def test_an_entry_in_another_state_is_not_used(emulator: str, journal: Journal, tmp_path: Path) -> None:
    entry = made(emulator, tmp_path, QUEUED).items[0]
    wrong = Manifest(
        items=(
            ManifestEntry(
                state="active", environment_id=entry.environment_id, work_id=entry.work_id, worker_id=entry.worker_id
            ),
        )
    )
    with pytest.raises(CannotArrange, match="should be `active`, but a GET shows `queued`"):
        taken(emulator, allotted(wrong, a=ACTIVE), journal, "a", ACTIVE)


def test_an_entry_that_is_not_there_is_not_used(emulator: str, journal: Journal, tmp_path: Path) -> None:
    entry = made(emulator, tmp_path, QUEUED).items[0]
    wrong = Manifest(
        items=(
            ManifestEntry(state="queued", environment_id=entry.environment_id, work_id="work_0", worker_id="worker"),
        )
    )
    with pytest.raises(CannotArrange, match="get returned HTTP 404"):
        taken(emulator, allotted(wrong, a=QUEUED), journal, "a", QUEUED)


@pytest.mark.parametrize("kind", ["manifest", "command"])
def test_what_needs_a_poll_is_not_offered(kind: str, emulator: str, journal: Journal, tmp_path: Path) -> None:
    quiet = ItemSpec(place="quiet")
    item_assignment = allotted(made(emulator, tmp_path, QUEUED), a=quiet, b=QUEUED)

    async def use(api: Api) -> None:
        program = ArrangeProgram(("false",), 5, str)
        arranger = (
            ManifestArranger(api, item_assignment, journal, "a")
            if kind == "manifest"
            else CommandArranger(api, program, NOWHERE, journal)
        )
        with pytest.raises(NotSupported):
            await arranger.item(quiet, "worker")
        [item] = [await ManifestArranger(api, item_assignment, journal, "b").item(QUEUED, None)]
        with pytest.raises(NotSupported):
            await arranger.redeliver(item, (), patience=1)

    on(emulator, use)


def test_a_program_that_repeats_itself_is_noticed(emulator: str, journal: Journal, tmp_path: Path) -> None:
    entry = made(emulator, tmp_path, QUEUED).items[0]
    answer = json.dumps({"environment_id": entry.environment_id, "work_id": entry.work_id})
    program = ArrangeProgram((sys.executable, "-c", f"print({answer!r})"), 20, str)

    async def use(api: Api) -> Item:
        return await CommandArranger(api, program, NOWHERE, journal).item(QUEUED, "worker-1")

    assert on(emulator, use).worker == "worker-1"
    with pytest.raises(CannotArrange, match="provided the same item twice"):
        on(emulator, use)
    assert journal.claimed() == [(entry.environment_id, entry.work_id)]


def test_a_program_that_takes_the_other_environment_is_noticed(emulator: str, journal: Journal, tmp_path: Path) -> None:
    entry = made(emulator, tmp_path, QUEUED).items[0]
    answer = json.dumps({"environment_id": entry.environment_id, "work_id": entry.work_id})
    program = ArrangeProgram((sys.executable, "-c", f"print({answer!r})"), 20, str)
    run_resources = RunResources(run_id="run", main="", agent="", quiet=entry.environment_id)
    with pytest.raises(CannotArrange, match="that it had supplied as `cloud-environment`"):
        on(emulator, lambda api: CommandArranger(api, program, run_resources, journal).item(QUEUED, "worker-1"))


def test_a_manifest_that_is_made_holds_what_was_wanted(emulator: str, tmp_path: Path) -> None:
    item_specs = (
        QUEUED,
        ACTIVE,
        ItemSpec(named=False),
        ItemSpec(place="quiet"),
        ItemSpec(place="quiet", delivered=False),
    )
    manifest = made(emulator, tmp_path, *item_specs, ItemSpec(transitions=("ack", "stop", "force")), spare=1)
    shown = [(e.state, e.worker_id is None, e.delivered, e.stopped_by, e.came_from) for e in manifest.items]
    expected = [
        ("queued", False, True, None, None),
        ("active", False, True, None, None),
        ("queued", True, True, None, None),
        ("queued", True, False, None, None),
        ("stopped", False, True, "forced", "starting"),
    ]
    assert sorted(shown, key=str) == sorted(expected * 2, key=str)
    assert len({entry.work_id for entry in manifest.items}) == 10


def test_a_way_over_the_api_is_as_it_was(emulator: str, journal: Journal) -> None:
    async def use(api: Api) -> Item:
        run_resources = await create_run_resources(api, journal, new_run_id())
        return await ApiArranger(api, run_resources, journal, "s").item(ACTIVE, "worker-1")

    assert on(emulator, use).delivery_step.startswith("arrange.poll")


def test_a_manifest_that_was_used_before_is_named_as_that(emulator: str, journal: Journal, tmp_path: Path) -> None:
    manifest = made(emulator, tmp_path, QUEUED, ACTIVE)
    item_assignment = allotted(manifest, a=QUEUED, b=ACTIVE)
    entry = next(entry for entry in manifest.items if entry.state == "queued")
    headers = (("Worker-ID", str(entry.worker_id)),)
    on(emulator, lambda api: api.ack("ack", entry.environment_id, entry.work_id, headers=headers))
    with pytest.raises(CannotArrange, match="a GET shows `starting`: the manifest was used before"):
        taken(emulator, item_assignment, journal, "a", QUEUED)
    assert taken(emulator, item_assignment, journal, "b", ACTIVE)


def test_an_item_is_kept_for_one_more_time_of_a_case_as_long_as_there_are_some(
    emulator: str, journal: Journal, tmp_path: Path
) -> None:
    manifest = made(emulator, tmp_path, QUEUED, spare=1)
    plan = [("a", QUEUED), ("b", ACTIVE)]
    run_resources = RunResources(run_id="run", main="e", agent="")
    given = ArrangerFactory(ArrangeConfig(mode="manifest", manifest=manifest), run_resources, journal, plan)

    async def use(api: Api) -> list[str]:
        found = []
        while given.reserve_for_repetition("a"):
            found.append((await given.arranger(api, "a", "label", keyed=False).item(QUEUED, None)).work_id)
        return found

    assert set(on(emulator, use)) == {entry.work_id for entry in manifest.items}
    assert not given.reserve_for_repetition("b"), "it never had one"
    for mode in ("api", "command"):
        assert ArrangerFactory(ArrangeConfig(mode=mode), run_resources, journal, plan).reserve_for_repetition("a")


@pytest.mark.parametrize(
    ("shown", "worker", "refused"),
    [
        ({"worker_id": "other"}, "mine", True),
        ({"claimed_by": "other"}, "mine", True),
        ({"worker_id": "MINE"}, "mine", False),
        ({"worker_id": None}, "mine", False),
        ({"worker_id": ""}, "mine", False),
        ({"worker_id": "other"}, None, False),
        ({"worker_count": "3", "state": "queued"}, "mine", False),
    ],
)
def test_an_item_that_a_get_shows_as_another_workers_is_the_fault_of_who_arranged_it(
    shown: dict[str, object], worker: str | None, refused: bool
) -> None:
    body = json.dumps({"id": "work_1", "state": "queued", **shown})

    async def use() -> Item:
        async with serving(script(answer(200, body))) as base_url, connected(base_url) as client:
            return await read_prepared_item(Api(client, lambda _: None), QUEUED, "env_1", "work_1", worker)

    if refused:
        with pytest.raises(CannotArrange, match="it was polled as another worker"):
            asyncio.run(use())
    else:
        assert asyncio.run(use()).worker == worker
