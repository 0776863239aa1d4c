"""A manifest is read whole or refused with the name of the key; the schema that is shipped says the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conformance.arrange.manifest import InvalidManifest, parse_manifest, read_manifest, schema_text

ITEM: dict[str, Any] = {
    "state": "stopped",
    "environment_id": "env_1",
    "work_id": "work_1",
    "worker_id": "worker-1",
    "delivered": True,
    "stopped_by": "forced",
    "came_from": "active",
}
GOOD: dict[str, Any] = {
    "format": "work-conformance-manifest/1",
    "cloud_environment_id": "env_cloud",
    "second_environment_id": "env_second",
    "items": [ITEM, ITEM | {"work_id": "work_2", "state": "queued", "stopped_by": None, "came_from": None}],
}


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    data = deepcopy(GOOD)
    change(data)
    return data


def renamed(old: str, new: str) -> dict[str, Any]:
    return changed(lambda data: data["items"][1].update({new: data["items"][1].pop(old)}))


def item(**values: Any) -> dict[str, Any]:
    return changed(lambda data: data["items"][1].update(values))


def test_it_is_read_back_as_it_was() -> None:
    assert parse_manifest(GOOD).to_json() == GOOD
    assert parse_manifest(GOOD | {"$schema": "manifest.schema.json"}).to_json() == GOOD


def test_the_schema_is_one_and_describes_every_key() -> None:
    schema = json.loads(schema_text())
    Draft202012Validator.check_schema(schema)
    for name, entry in (*schema["properties"].items(), *schema["$defs"]["item"]["properties"].items()):
        assert entry["description"], name


WRONG: dict[str, tuple[Any, str]] = {
    "not an object": ([], "the file: expected an object, found []"),
    "no items": (GOOD | {"items": []}, "items: expected at least one item, found []"),
    "items that are no list": (GOOD | {"items": {}}, "items: expected a list, found {}"),
    "another format": (GOOD | {"format": "x"}, 'format: expected "work-conformance-manifest/1", found "x"'),
    "a key missing at the top": (
        changed(lambda data: data.pop("second_environment_id")),
        "second_environment_id: missing required key",
    ),
    "a key missing": (
        changed(lambda data: data["items"][1].pop("delivered")),
        "items[1].delivered: missing required key",
    ),
    "a misspelt key at the top": (GOOD | {"item": []}, "item: unknown key; did you mean 'items'?"),
    "a misspelt key": (
        renamed("worker_id", "worker-id"),
        "items[1].worker-id: unknown key; did you mean 'worker_id'?",
    ),
    "a key of nothing": (item(zzz=1), "items[1].zzz: unknown key; the keys are state, environment_id"),
    "an unknown state": (item(state="running"), "items[1].state: expected "),
    "a state in capitals": (item(state="QUEUED"), 'found "QUEUED"'),
    "an empty id": (item(work_id=""), "items[1].work_id: expected a usable id"),
    "an id that climbs": (item(environment_id=".."), "items[1].environment_id: expected a usable id"),
    "a number as id": (item(work_id=7), "items[1].work_id: expected a string, found 7"),
    "a worker with a space": (item(worker_id="a b"), "items[1].worker_id: expected 2 to 64 letters, digits"),
    "a worker too short to be nearly missed": (item(worker_id="x"), "items[1].worker_id: expected 2 to 64"),
    "delivered in words": (item(delivered="yes"), 'items[1].delivered: expected true or false, found "yes"'),
    "stopped, nobody knows how": (item(state="stopped"), "items[1].stopped_by: expected "),
    "stopped, and queued": (item(stopped_by="forced"), "items[1].stopped_by: expected null"),
    "came from somewhere, and queued": (item(came_from="active"), "items[1].came_from: expected null"),
    "never delivered, to somebody": (item(delivered=False), "items[1].worker_id: expected null"),
    "an item twice": (item(work_id="work_1"), "items[1].work_id: the same item as items[0]"),
    "an item in the second environment": (
        GOOD | {"second_environment_id": "env_1"},
        "second_environment_id: items[0] belongs to this environment",
    ),
    "an item in the cloud": (GOOD | {"cloud_environment_id": "env_1"}, "cloud_environment_id: items[0] belongs to"),
    "one environment for both": (GOOD | {"second_environment_id": "env_cloud"}, "the same as cloud_environment_id"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_one_is_refused_by_the_name_of_the_key(what: str) -> None:
    data, words = WRONG[what]
    with pytest.raises(InvalidManifest) as refusal:
        parse_manifest(data)
    assert words in refusal.value.reason.en
    assert refusal.value.reason.zh not in {"", refusal.value.reason.en}


def test_an_undelivered_item_may_be_in_the_second_environment() -> None:
    data = item(environment_id="env_second", delivered=False, worker_id=None)
    assert parse_manifest(data).items[1].delivered is False


FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "it has no value"),
    "cut off": (b'{"format": ', "not JSON"),
    "a key twice": (b'{"format": 1, "format": 2}', "duplicate name"),
    "not UTF-8": (b"\xff\xfe{}", "UTF-8"),
}


@pytest.mark.parametrize("what", FILES)
def test_a_file_that_is_no_json_is_refused(what: str, tmp_path: Path) -> None:
    content, words = FILES[what]
    (tmp_path / "m.json").write_bytes(content)
    with pytest.raises(InvalidManifest) as refusal:
        read_manifest(tmp_path / "m.json")
    assert words in refusal.value.reason.en


@pytest.mark.parametrize("name", ["nowhere.json", "."])
def test_a_file_that_cannot_be_read_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidManifest) as refusal:
        read_manifest(tmp_path / name)
    assert "cannot be read" in refusal.value.reason.en
