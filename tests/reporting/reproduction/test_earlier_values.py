"""What a request takes from an earlier response, a script takes from the response that it gets itself."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from conformance.exchange import Exchange, Transcript
from conformance.judging.verdict import PlannedCheck, Verdict
from conformance.reporting.reproduction.script import script
from tests.reporting.reproduction.test_scripts import AUTH, exchange, transcript
from tests.reporting.run_results import CIRCUMSTANCES, failure

PLACE = "/environments/env_1234567890ab/work"
ITEM = f"{PLACE}/work_1234567890ab"
FIRST = "2026-07-01T23:30:00.123456Z"


def text_of(*extra: Exchange, failing: str = "last", **facts: Any) -> str:
    said = transcript(extra=extra, **facts)
    return sent_by(said, failing)


def sent_by(said: Transcript, failing: str) -> str:
    """Return the function that sends the requests, which followed one another."""
    timed = [
        replace(each, invoked=0.2 * place, completed=0.2 * place + 0.1) for place, each in enumerate(said.exchanges)
    ]
    said = replace(said, exchanges=tuple(timed))
    verdict = Verdict(
        line=PlannedCheck(said.scenario, "heartbeat.cas.accepted"), kind="failed", failures=(failure(failing),)
    )
    text = script(said, [verdict], CIRCUMSTANCES, "en")
    return text[text.index("attempt() {") : text.index("compare() {")]


def beat(step: str, expected: str, status: int = 200) -> Exchange:
    path = f"{ITEM}/heartbeat?expected_last_heartbeat={expected}&desired_ttl_seconds=600"
    return exchange(step, "heartbeat", "POST", path, status, {"last_heartbeat": FIRST})


def page(step: str, query: str, *ids: str, more: bool) -> Exchange:
    body = {"data": [{"id": each} for each in ids], "next_page": ids[-1] if more else None, "has_more": more}
    return exchange(step, "list", "GET", f"{PLACE}?{query}", 200, body | {"last_id": ids[-1]})


def test_a_heartbeat_expects_the_value_that_the_script_itself_got() -> None:
    text = text_of(beat("first", "NO_HEARTBEAT"), beat("last", "2026-07-01T23%3A30%3A00.123456Z", 412))
    assert "take LAST_HEARTBEAT 5 /last_heartbeat" in text
    assert "'?expected_last_heartbeat='\"$(in_path \"$LAST_HEARTBEAT\")\"'&desired_ttl_seconds=600'" in text
    assert "'?expected_last_heartbeat=NO_HEARTBEAT&desired_ttl_seconds=600'" in text
    assert "2026-07-01" not in text


def test_a_value_of_the_future_follows_the_latest_one() -> None:
    text = text_of(beat("first", "NO_HEARTBEAT"), beat("last", "2026-07-02T00%3A30%3A00Z", 412))
    assert '"$(in_path "$(hour_later "$LAST_HEARTBEAT")")"' in text


def test_what_the_suite_sent_first_stays_as_it_is() -> None:
    patch = '{"metadata": {"conformance-a": "changed-by-me"}}'
    shown = {"id": "work_1234567890ab", "metadata": {"conformance-a": "changed-by-me"}}
    update = exchange("update", "update", "PATCH", ITEM, 200, shown, sent=patch)
    again = exchange("last", "update", "PATCH", ITEM, 200, shown, sent=patch)
    assert text_of(update, again).count("changed-by-me") == 2


def test_a_text_of_a_response_that_is_sent_back_in_a_body_is_a_variable() -> None:
    shown = exchange("get", "get", "GET", ITEM, 200, {"metadata": {"team": "chosen-by-the-target"}})
    sent = exchange("last", "update", "PATCH", ITEM, 200, {}, sent='{"metadata": {"x": "chosen-by-the-target"}}')
    text = text_of(shown, sent)
    assert "take VALUE 5 /metadata/team" in text
    assert "chosen-by-the-target" not in text


def test_a_walk_follows_the_cursors_for_as_long_as_there_are_more_pages() -> None:
    pages = (
        page("walk.page.1", "limit=1", "work_aaaaaaaaaaaa", more=True),
        page("walk.page.2", "limit=1&page=work_aaaaaaaaaaaa", "work_bbbbbbbbbbbb", more=True),
        page("walk.page.3", "limit=1&page=work_bbbbbbbbbbbb", "work_cccccccccccc", more=False),
    )
    text = text_of(*pages, failing="walk.page.3")
    assert text.count("request ") == 5  # session, message, ack, the first page, and all others; the poll delivers
    assert 'while next_page "$at" /next_page; do' in text
    assert "'?limit=1''&page='\"$(in_path \"$CURSOR_NOW\")\"" in text
    assert "work_aaaaaaaaaaaa" not in text


def test_other_requests_between_two_pages_keep_their_place() -> None:
    text = text_of(
        page("walk.1", "limit=1", "work_aaaaaaaaaaaa", more=True),
        exchange("get", "get", "GET", ITEM, 200, {}),
        page("walk.2", "limit=1&page=work_aaaaaaaaaaaa", "work_bbbbbbbbbbbb", more=False),
        failing="walk.2",
    )
    lines = [line.strip() for line in text.splitlines()]
    assert lines.index("cursor CURSOR 5 /next_page") < lines.index('if [ -n "$CURSOR" ]; then')
    assert "left_out walk.2" in lines


def test_an_environment_of_the_scenario_alone_is_created_by_the_script_and_its_list_is_awaited() -> None:
    said = transcript()
    created = {"agent": "agent_1", "environment_id": "env_own567890abc"}
    own = "/environments/env_own567890abc/work"
    listed = {"data": [{"id": "work_own567890abc", "data": {"id": "sess_9"}}]}
    empty: dict[str, Any] = {"data": []}
    exchanges = (
        exchange(
            "create",
            "create_environment",
            "POST",
            "/environments",
            201,
            {"id": "env_own567890abc"},
            sent='{"name": "x y"}',
        ),
        exchange("arrange.list.0", "list", "GET", own, 200, empty),
        exchange(
            "a.arrange.session", "create_session", "POST", "/sessions", 201, {"id": "sess_9"}, sent=json.dumps(created)
        ),
        exchange("arrange.a.list.1", "list", "GET", own, 200, empty),
        exchange("arrange.a.list.2", "list", "GET", own, 200, listed),
        exchange("stats.try.1", "stats", "GET", f"{own}/stats", 200, {}),
        exchange("last", "get", "GET", f"{own}/work_own567890abc", 200, {}),
    )
    text = sent_by(replace(said, exchanges=exchanges), "last")
    assert 'created environments "$ENVIRONMENT_ID"' in text
    assert "x y" not in text
    assert "list_until lists 1 - 3 arrange.a.list.2 200 GET" in text
    assert "arrange.list.0" not in text
    assert "stats.try.1" not in text
    assert "take WORK_ID 3 /data/0/id" in text


@pytest.mark.parametrize(("status", "line"), [(200, "must 5"), (409, "must_not 5")])
def test_a_step_before_the_failing_one_must_go_as_in_the_run(status: int, line: str) -> None:
    text = text_of(
        beat("first", "NO_HEARTBEAT", status), exchange("last", "get", "GET", ITEM, 200, {}, headers=(AUTH,))
    )
    assert f"\n    {line}\n" in text
