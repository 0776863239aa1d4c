"""The scripted server refuses what the API refuses, and gives each worker its turn."""

from __future__ import annotations

import json

import pytest

from conformance.worker_harness.environment import ScriptedEnvironment
from conformance.worker_harness.script import SHORT_LEASE, Script
from conformance.worker_harness.scripted_ids import ScriptedIds

FORCED = '{"force": true}'


def environment(script: Script | None = None) -> ScriptedEnvironment:
    return ScriptedEnvironment(script or Script(), SHORT_LEASE, ScriptedIds(run="run", scenario="scenario"))


@pytest.mark.parametrize("body", [None, "", " ", "{}", '{"force": false}', FORCED, '{"reason": "done"}'])
def test_a_stop_with_a_documented_body_changes_the_item(body: str | None) -> None:
    place = environment()
    item = place.items[0]
    place.ack(item, None)
    assert place.stop(item, body).status == 200
    assert item.state == ("stopped" if body == FORCED else "stopping")


@pytest.mark.parametrize("body", ["force=true", "[true]", "true", "null", '{"force": "true"}', '{"force": 1}'])
def test_a_stop_with_another_body_is_refused_and_changes_nothing(body: str) -> None:
    place = environment()
    item = place.items[0]
    place.ack(item, None)
    before = json.dumps(item.to_json())
    answer = place.stop(item, body)
    assert (answer.status, answer.value["error"]["type"]) == (400, "invalid_request_error")
    assert json.dumps(item.to_json()) == before


def test_each_worker_gets_one_item_before_any_gets_a_second() -> None:
    place = environment(Script(items=3, workers=2, one_each=True))
    assert place.deliver("w1", 60.0, "first") is place.items[0]
    assert place.deliver("w1", 60.0, "first") is None
    assert place.deliver("w2", 60.0, "second") is place.items[1]
    assert place.deliver("w1", 60.0, "first") is place.items[2]


def test_without_that_rule_one_worker_may_get_all() -> None:
    place = environment(Script(items=2, workers=2))
    assert [place.deliver("w1", 60.0, "first") for _ in range(3)] == [*place.items, None]
