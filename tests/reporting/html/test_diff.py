from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.judging.verdict import PlannedCheck
from conformance.reporting.html.diff import compared_fields, diff_body
from tests.reporting.run_results import failure

from .sample_runs import exchange, item, transcript

LINE = PlannedCheck("terminal.stopped.forced-from-starting", "ack.terminal.stopped-forced")


def test_the_answer_stands_beside_what_the_scenario_expects() -> None:
    said = transcript(exchange("ack", "ack", 200, item("starting")), scenario=LINE.scenario)
    status, error_type = compared_fields(LINE, failure("ack"), said)
    assert (status.what, status.expected, status.actual, status.held) == ("HTTP", "409", "200", False)
    assert (error_type.expected, error_type.actual) == ("invalid_request_error", "–")


def test_what_is_right_about_the_answer_is_told_too() -> None:
    said = transcript(exchange("ack", "ack", 409, {"error": {"type": "conflict_error"}}), scenario=LINE.scenario)
    assert [row.held for row in compared_fields(LINE, failure("ack"), said)] == [True, False]


def test_an_answer_that_another_requirement_is_about_has_no_rows() -> None:
    said = transcript(exchange("ack", "ack", 200, item("starting")), scenario=LINE.scenario)
    assert compared_fields(replace(LINE, requirement="ack.envelope.not-empty"), failure("ack"), said) == ()
    assert compared_fields(LINE, failure("ack"), None) == ()


def test_the_body_is_compared_with_the_last_answer_before_it_about_the_same_object() -> None:
    said = transcript(
        exchange("poll", "poll", 200, item("queued", metadata={"a": "1"}), at=(0, 1)),
        exchange("get", "get", 200, item("stopped", metadata={"a": "1"}), at=(2, 3)),
        exchange("other", "get", 200, {"id": "another", "state": "active"}, at=(4, 5)),
        exchange("ack", "ack", 200, item("starting", extra=[1]), at=(6, 7)),
        exchange("after", "get", 200, item("active"), at=(8, 9)),
    )
    body = diff_body(failure("ack", pointer="/state"), said)
    assert body is not None
    assert body.since == "get"
    assert body.changed
    assert [(line.sign, line.text.strip()) for line in body.lines] == [
        (" ", "{"),
        (" ", '"id": "work_1",'),
        ("-", '"state": "stopped",'),
        ("+", '"state": "starting",'),
        ("+", '"extra": [1],'),
        ("-", '"metadata": {"a": "1"}'),
        (" ", "}"),
    ]
    assert [line.text.strip() for line in body.lines if line.marked] == ['"state": "starting",']


def test_true_is_not_one() -> None:
    before, after = item("active", started=1), item("active", started=True)
    said = transcript(
        exchange("a", "get", 200, before, at=(0, 1)),
        exchange("ack", "ack", 200, after, at=(2, 3)),
    )
    body = diff_body(failure("ack"), said)
    assert body is not None
    assert [line.sign for line in body.lines if "started" in line.text] == ["-", "+"]


def test_a_long_list_is_written_line_by_line() -> None:
    said = transcript(exchange("ack", "ack", 200, [item("starting", a="x" * 80)]))
    body = diff_body(failure("ack", pointer="/0/state"), said)
    assert body is not None
    assert [line.text.strip()[:12] for line in body.lines] == [
        "[",
        "{",
        '"id": "work_',
        '"state": "st',
        '"a": "xxxxxx',
        "}",
        "]",
    ]
    assert [line.pointer for line in body.lines if line.marked] == ["/0/state"]


def test_an_answer_without_a_readable_body_has_none() -> None:
    for text in ("", "{", "7", "[" * 100_000, "<html>"):
        assert diff_body(failure("ack"), transcript(exchange("ack", "ack", 200, text))) is None
    assert diff_body(failure("ack"), transcript(exchange("ack", "ack", None))) is None


@pytest.mark.parametrize("depth", [50, 500, 900, 990, 5000])
def test_a_body_of_any_depth_is_shown_or_left_out(depth: int) -> None:
    deep = '{"id": "work_1", "a": ' + '{"a": ' * depth + "1" + "}" * depth + "}"
    said = transcript(exchange("get", "get", 200, deep, at=(0, 1)), exchange("ack", "ack", 200, deep + " ", at=(2, 3)))
    body = diff_body(failure("ack"), said)
    assert body is None or 0 < len(body.lines) <= 61
    assert (body is not None) or depth > 50


def test_a_large_body_is_cut_and_says_so() -> None:
    said = transcript(exchange("ack", "ack", 200, {f"f{n}": "x" * 100 for n in range(500)}))
    body = diff_body(failure("ack"), said)
    assert body is not None
    assert len(body.lines) == 61
    assert body.lines[-1].text == "… (+442)"
    assert max(len(line.text) for line in body.lines) < 200
    assert diff_body(failure("ack"), transcript(exchange("ack", "ack", 200, {"id": "x" * 70_000}))) is None


def test_of_a_race_no_answer_is_wrong_by_itself() -> None:
    said = transcript(exchange("ack", "ack", 200, item("starting")))
    assert compared_fields(LINE, failure("ack"), said)
    assert compared_fields(LINE, replace(failure("ack"), exhibit="a timeline"), said) == ()
