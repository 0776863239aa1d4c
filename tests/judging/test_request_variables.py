"""The variables that stand for ids in a `curl` line: those of objects that the suite created, and no other text."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from conformance.exchange import Body, Ending, Exchange, Request, Response, Transcript
from conformance.judging.failure import curl, describe_failures
from conformance.judging.request_variables import url_words, variables_of
from conformance.scenario.model import Finding
from conformance.text import Text

BASE = "http://h/api/v1/cloud"


def exchange(step: str, operation: str, path: str, body: Any, sent: Any = None) -> Exchange:
    text = json.dumps(body)
    return Exchange(
        step=step,
        operation=operation,
        request=Request(method="POST", url=BASE + path, headers=(), body=None if sent is None else json.dumps(sent)),
        outcome="ok",
        invoked=0.0,
        completed=0.1,
        response=Response(status=200, headers=(), body=Body(text=text, size=len(text))),
    )


def transcript(
    *more: Exchange, scenario: str = "first-ack.named-worker", work: str = "w_1", **facts: Any
) -> Transcript:
    created = {"agent": "agent_1", "environment_id": "env_1"}
    return Transcript(
        scenario=scenario,
        run="r",
        seed=1,
        attempt=1,
        facts={"arranged_by": "api", **facts},
        exchanges=(
            exchange("arrange.session", "create_session", "/sessions", {"id": "sess_1"}, created),
            exchange("arrange.poll.1", "poll", "/environments/env_1/work/poll", {"id": work}),
            *more,
        ),
        ending=Ending(kind="complete"),
    )


def test_each_kind_of_object_has_its_variable_and_a_second_one_a_number() -> None:
    second = exchange("b.arrange.poll.1", "poll", "/environments/env_1/work/poll", {"id": "w_2"})
    assert variables_of(transcript(second)) == {
        "agent_1": "AGENT_ID",
        "env_1": "ENVIRONMENT_ID",
        "sess_1": "SESSION_ID",
        "w_1": "WORK_ID",
        "w_2": "WORK_ID_2",
    }


def test_an_item_in_a_list_is_found_by_its_session() -> None:
    others = [{"id": "w_8", "data": {"id": "sess_8"}}, {"id": "w_9", "data": {"id": "sess_1"}}]
    listing = exchange("arrange.list.1", "list", "/environments/env_1/work", {"data": others})
    assert variables_of(transcript(listing))["w_9"] == "WORK_ID_2"


@pytest.mark.parametrize(
    ("scenario", "name"),
    [
        ("environment.unknown-work", "CLOUD_ENVIRONMENT_ID"),
        ("not-found.other-environment", "SECOND_ENVIRONMENT_ID"),
        ("not-found.environment", None),
    ],
)
def test_another_environment_has_a_variable_only_if_the_suite_created_it(scenario: str, name: str | None) -> None:
    ack = exchange("ack", "ack", "/environments/env_other/work/w_1/ack", {})
    assert variables_of(transcript(ack, scenario=scenario)).get("env_other") == name


def test_prepared_items_keep_their_ids() -> None:
    assert variables_of(transcript(arranged_by="manifest")) == {}


@pytest.mark.parametrize("found", [None, 17, "", 'a"b', "a\\b", "a\nb", ["w"]])
def test_what_is_no_id_is_left_alone(found: Any) -> None:
    assert "WORK_ID" not in variables_of(transcript(work=found)).values()


def test_only_whole_segments_are_replaced_by_short_ids() -> None:
    ids = {"1": "WORK_ID", "work_12": "WORK_ID_2"}
    assert url_words("http://1/v1/work/1/ack?limit=1", ids) == ["http://1/v1/work/", "1", "/ack?limit=1"]
    assert url_words("http://h/work/work_12%20x/12", ids) == ["http://h/work/", "work_12", "%20x/12"]
    assert url_words("http://h/work/1", {}) == ["http://h/work/1"]


def test_an_id_in_a_url_is_recognised_when_it_is_encoded() -> None:
    line = curl(Request(method="GET", url="http://h/work/a%2Fb/ack", headers=()), {"a/b": "WORK_ID"})
    assert line == 'curl -sS -i -X GET http://h/work/"$WORK_ID"/ack'


def test_the_curl_line_of_a_failure_names_the_variables() -> None:
    ack = exchange("ack", "ack", "/environments/env_1/work/w_1/ack", {})
    finding = Finding(step="ack", expected=Text("this", "这个"), actual=Text("that", "那个"))
    said = transcript(ack)
    line = 'curl -sS -i -X POST http://h/api/v1/cloud/environments/"$ENVIRONMENT_ID"/work/"$WORK_ID"/ack'
    assert describe_failures(said, [finding])[0].curl == line
    assert "env_1" in describe_failures(replace(said, facts={"arranged_by": "command"}), [finding])[0].curl
