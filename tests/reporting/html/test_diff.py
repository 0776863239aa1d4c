from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.exchange import Transcript
from conformance.judging.verdict import Failure, PlannedCheck, Verdict
from conformance.reporting.html.diff import BodyDiff, compared_fields, diff_body
from conformance.text import LANGS, Lang, Text
from tests.reporting.run_results import both, failure
from tests.scenario.transcript_builder import SESSION, envelope, refused

from .sample_runs import exchange, item, transcript

LINE = PlannedCheck("terminal.stopped.forced-from-starting", "ack.terminal.stopped-forced")


def test_the_answer_stands_beside_what_the_scenario_expects() -> None:
    said = transcript(exchange("ack", "ack", 200, item("starting")), scenario=LINE.scenario)
    status, error_type = compared_fields(LINE, failure("ack"), said)
    assert (status.what, status.expected, status.actual, status.is_equal) == ("HTTP", "409", "200", False)
    assert (error_type.expected, error_type.actual) == ("invalid_request_error", "–")


def test_what_is_right_about_the_answer_is_told_too() -> None:
    said = transcript(exchange("ack", "ack", 409, {"error": {"type": "conflict_error"}}), scenario=LINE.scenario)
    assert [row.is_equal for row in compared_fields(LINE, failure("ack"), said)] == [True, False]


def test_an_answer_that_another_requirement_is_about_has_no_rows() -> None:
    said = transcript(exchange("ack", "ack", 200, item("starting")), scenario=LINE.scenario)
    assert compared_fields(replace(LINE, requirement="ack.envelope.not-empty"), failure("ack"), said) == ()
    assert compared_fields(LINE, failure("ack"), None) == ()


def diff(said: Transcript, *failures: Failure, line: PlannedCheck = LINE) -> BodyDiff | None:
    return diff_body(Verdict(line=line, kind="failed", failures=failures), said)


def rows(body: BodyDiff | None) -> list[tuple[str, str]]:
    assert body is not None
    return [(line.sign, line.text.strip()) for line in body.lines]


def wrong(body: BodyDiff | None) -> list[tuple[str, str]]:
    """The marked lines, each with what belongs there."""
    assert body is not None
    return [(line.text.strip(), line.expected.en) for line in body.lines if line.kind == "wrong" and line.expected]


def test_a_wrong_state_is_marked_with_what_belongs_there_and_a_legal_change_is_not() -> None:
    said = transcript(
        exchange("poll", "poll", 200, item("queued", acknowledged_at=None, metadata={"a": "1"}), at=(0, 1)),
        exchange("ack", "ack", 200, item("active", acknowledged_at="2026", metadata={"a": "1"}), at=(2, 3)),
    )
    breach = replace(failure("ack", pointer="/state", actual='"active"'), expected=both("state `starting`"))
    body = diff(said, breach)
    assert rows(body) == [
        (" ", "{"),
        (" ", '"id": "work_1",'),
        ("✗", '"state": "active",'),
        (" ", '"acknowledged_at": "2026",'),
        (" ", '"metadata": {"a": "1"}'),
        (" ", "}"),
    ]
    assert wrong(body) == [('"state": "active",', "state `starting`")]
    assert body is not None
    assert body.since is None


@pytest.mark.parametrize(
    ("pointer", "text", "opened"),
    [
        ("/metadata", '"metadata": (missing)', '"data": {"type": "session"},'),
        ("/data/id", '"id": (missing)', '"data": {'),
        ("/error/type", '"error.type": (missing)', '"data": {"type": "session"}'),
    ],
)
def test_a_missing_field_is_a_marked_line_where_it_belongs(pointer: str, text: str, opened: str) -> None:
    said = transcript(exchange("ack", "ack", 200, item("starting", data={"type": "session"})))
    body = diff(said, failure("ack", pointer=pointer))
    assert [line for line, _ in wrong(body)] == [text]
    found = [line for _, line in rows(body)]
    assert opened.rstrip(",") in {line.rstrip(",") for line in found}
    assert found.index(text) > found.index('"state": "starting",')


def test_what_may_not_change_is_compared_with_the_item_before() -> None:
    before = item("stopped", acknowledged_at=None, stopped_at="2026-01-01T00:00:00Z")
    said = transcript(
        exchange("before", "get", 200, before, at=(0, 1)),
        exchange("other", "get", 200, {"id": "another", "acknowledged_at": None}, at=(2, 3)),
        exchange("ack", "ack", 409, {"error": {"type": "conflict_error"}}, at=(4, 5)),
        exchange("after", "get", 200, {**before, "acknowledged_at": "2026", "lease": 3}, at=(6, 7)),
    )
    since = Text("null, as before the refused ack", "null（与被拒绝的 ack 之前一致）")
    body = diff(said, replace(failure("after", pointer="/acknowledged_at", actual='"2026"'), expected=since))
    assert body is not None
    assert body.since == "before"
    assert [row for row in rows(body) if row[0] != " "] == [
        ("-", '"acknowledged_at": null'),
        ("✗", '"acknowledged_at": "2026",'),
    ]
    assert wrong(body) == [('"acknowledged_at": "2026",', since.en)]


def test_every_wrong_place_of_the_response_is_marked() -> None:
    said = transcript(exchange("ack", "ack", 200, item("starting", started_at=1, stopped_at=2)))
    places = [failure("ack", pointer=pointer) for pointer in ("/started_at", "/stopped_at")]
    assert len(wrong(diff(said, *places, failure("another", pointer="/id")))) == 2


@pytest.mark.parametrize(
    ("pointer", "actual", "text"),
    [("", "HTTP 200", "HTTP 200"), ("Content-Type", "no such header", "Content-Type: (missing)")],
)
def test_a_wrong_status_or_header_is_marked_above_the_body(pointer: str, actual: str, text: str) -> None:
    body = diff(
        transcript(exchange("ack", "ack", 200, item("starting"))), failure("ack", pointer=pointer, actual=actual)
    )
    assert rows(body)[0] == ("✗", text)
    assert [line for line, _ in wrong(body)] == [text]


@pytest.mark.parametrize("lang", LANGS)
def test_what_leaks_is_marked_where_it_stands(lang: Lang) -> None:
    body_with_it = envelope("not_found_error", f"Session {SESSION} belongs to somebody else.")
    dialog = refused("authz.foreign", 404, "not_found_error").said("ack", 404, body_with_it)
    verdict = dialog.verdict("ack.authz.foreign-no-leak")
    assert verdict.failures
    body = diff_body(verdict, dialog.transcript())
    (line,) = [line for line in body.lines if line.kind == "wrong"] if body else []
    assert line.pointer == "/error/message"
    assert line.expected is not None
    assert line.expected.in_(lang) == {"en": "no details of the item", "zh": "不包含该 item 的任何内容"}[lang]


def test_a_place_within_a_short_or_deep_object_is_marked_too() -> None:
    deep: dict[str, Any] = {"x": 1}
    for _ in range(12):
        deep = {"a": deep}
    said = transcript(exchange("ack", "ack", 200, item("starting", metadata={"n": 7}, deep=deep)))
    assert wrong(diff(said, failure("ack", pointer="/metadata/n")))[0][0] == '"n": 7'
    assert wrong(diff(said, failure("ack", pointer="/deep" + "/a" * 12 + "/x")))[0][0] == '"x": 1'
    assert wrong(diff(said, failure("ack", pointer="/")))[0][0] == "{"


def test_a_long_list_is_written_line_by_line() -> None:
    said = transcript(exchange("ack", "ack", 200, [item("starting", a="x" * 80)]))
    body = diff(said, failure("ack", pointer="/0/state"))
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
    assert [line.pointer for line in body.lines if line.kind == "wrong"] == ["/0/state"]


def test_without_a_wrong_place_there_is_nothing_to_show() -> None:
    said = transcript(exchange("ack", "ack", 200, item("starting")))
    assert diff(said, failure("ack", actual="some words")) is None
    assert diff(said, replace(failure("ack", actual="HTTP 200"), diagram=Text("a timeline", "时间线"))) is None
    assert diff(said, failure("ack", pointer="/a\x1bname that was cut…")) is None


def test_an_answer_without_a_readable_body_has_none() -> None:
    for text in ("", "{", "7", "[" * 100_000, "<html>"):
        assert diff(transcript(exchange("ack", "ack", 200, text)), failure("ack")) is None
    assert diff(transcript(exchange("ack", "ack", None)), failure("ack")) is None


@pytest.mark.parametrize("depth", [50, 500, 900, 990, 5000])
def test_a_body_of_any_depth_is_shown_or_left_out(depth: int) -> None:
    deep = '{"id": "work_1", "a": ' + '{"a": ' * depth + "1" + "}" * depth + "}"
    body = diff(transcript(exchange("ack", "ack", 200, deep)), failure("ack"))
    assert body is None or 0 < len(body.lines) <= 62
    assert (body is not None) or depth > 50


def test_a_large_body_is_cut_around_what_is_wrong_and_says_so() -> None:
    said = transcript(exchange("ack", "ack", 200, {f"f{n}": "x" * 100 for n in range(500)}))
    body = diff(said, failure("ack", pointer="/f300", actual="x"))
    assert body is not None
    assert [line.text for line in body.lines if line.text.startswith("…")] == ["… (+241)", "… (+200)"]
    assert wrong(body)[0][0].startswith('"f300"')
    assert max(len(line.text) for line in body.lines) < 200
    assert diff(transcript(exchange("ack", "ack", 200, {"id": "x" * 70_000})), failure("ack")) is None


def test_of_a_race_no_answer_is_wrong_by_itself() -> None:
    said = transcript(exchange("ack", "ack", 200, item("starting")))
    assert compared_fields(LINE, failure("ack"), said)
    assert compared_fields(LINE, replace(failure("ack"), diagram=Text("a timeline", "时间线")), said) == ()
