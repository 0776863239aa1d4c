"""The pictures show what was said, in its order, and nothing that was not."""

from __future__ import annotations

from conformance.reporting.html.sequence_diagram import draw_sequence
from conformance.reporting.html.state_diagram import ObservedTransition, draw_state_diagram
from conformance.reporting.html.timeline import timeline_of
from tests.reporting.run_results import failure

from .sample_runs import exchange, item, transcript

WORKER = [("Worker-ID", "worker-1"), ("Authorization", "Bearer ${QODER_PAT}")]


def test_messages_stand_in_the_order_of_time() -> None:
    said = transcript(
        exchange("poll", "poll", 200, item("queued"), at=(0, 1), headers=WORKER),
        exchange("slow", "ack", 200, item("starting"), at=(2, 9)),
        exchange("fast", "stop", 409, {"error": {"type": "busy"}}, at=(3, 4), sent='{"force": true}'),
    )
    picture = draw_sequence(failure("slow"), said)
    assert picture is not None
    assert [arrow.label for arrow in picture.arrows] == [
        "1 poll · worker-1",
        "1 200 queued",
        "2 ack",
        "3 stop · force",
        "3 409 busy",
        "2 200 starting",
    ]
    assert [arrow.failure for arrow in picture.arrows] == [False, False, True, False, False, True]
    assert [arrow.y for arrow in picture.arrows] == sorted(arrow.y for arrow in picture.arrows)
    assert picture.height > picture.arrows[-1].y


def test_polls_that_brought_nothing_are_one_arrow() -> None:
    polls = [exchange(f"poll.{n}", "poll", 200, "null", at=(n, n + 0.5)) for n in range(5)]
    picture = draw_sequence(failure("ack"), transcript(*polls, exchange("ack", "ack", None, at=(9, 9.5))))
    assert picture is not None
    assert [arrow.label for arrow in picture.arrows] == ["1 poll · ×5", "1 200", "2 ack", "2 connection reset"]


def test_a_long_conversation_is_shown_around_the_red_one() -> None:
    acks = [exchange(f"ack.{n}", "ack", 200, item("starting"), at=(n, n + 0.5)) for n in range(90)]
    picture = draw_sequence(failure("ack.60"), transcript(*acks))
    assert picture is not None
    assert len(picture.arrows) + 2 * picture.left_out == 180
    assert sum(arrow.failure for arrow in picture.arrows) == 2


def test_without_the_conversation_there_is_no_picture() -> None:
    assert draw_sequence(failure("ack"), None) is None
    assert draw_sequence(failure("another"), transcript(exchange("ack", "ack"))) is None


def test_moves_are_counted_by_the_state_before_them() -> None:
    said = transcript(
        exchange("poll", "poll", 200, item("queued"), at=(0, 1), url="http://127.0.0.1/environments/env_1/work/poll"),
        exchange("ack", "ack", 200, item("starting"), at=(2, 3)),
        exchange("wrong", "ack", 401, {"error": {}}, at=(4, 5)),
        exchange("stop", "stop", 200, item("stopped"), at=(6, 7), sent='{"force": true}'),
        exchange("revived", "ack", 200, item("starting"), at=(8, 9)),
    )
    machine = draw_state_diagram([said], {("retry.active", "revived")})
    assert machine.table == (
        (ObservedTransition("queued", "ack", 200, "starting"), 1, 0),
        (ObservedTransition("starting", "ack", 401, "starting"), 1, 0),
        (ObservedTransition("starting", "force-stop", 200, "stopped"), 1, 0),
        (ObservedTransition("stopped", "ack", 200, "starting"), 1, 1),
    )
    drawn = {arc.labels: arc.failure for arc in machine.arcs if arc.seen}
    assert drawn == {("ack ×1",): True, ("force-stop ×1",): False}
    assert [arc.failure for arc in machine.arcs if arc.labels == ("ack ×1",)] == [False, True]
    assert {node.phase: node.self_loops for node in machine.nodes}["starting"] == (("ack 401 ×1", False),)


def test_a_way_that_the_contract_does_not_know_is_red_though_no_check_says_so() -> None:
    said = transcript(
        exchange("get", "get", 200, item("active"), at=(0, 1)),
        exchange("ack", "ack", 200, item("queued"), at=(2, 3)),
    )
    (odd,) = [arc for arc in draw_state_diagram([said], set()).arcs if arc.seen]
    assert odd.failure


def test_a_state_that_no_answer_shows_is_not_guessed() -> None:
    said = transcript(
        exchange("get", "get", 200, item("queued"), at=(0, 1)),
        exchange("ack", "ack", 200, [item("starting")], at=(2, 3)),
        exchange("heartbeat", "heartbeat", 200, item("active"), at=(4, 5)),
        exchange("again", "ack", 500, "", at=(6, 7)),
        exchange("stop", "stop", 200, item("stopping"), at=(8, 9)),
    )
    machine = draw_state_diagram([said], {("retry.active", "again")})
    assert [move for move, _, _ in machine.table] == [
        ObservedTransition("active", "ack", 500, "?"),
        ObservedTransition("queued", "ack", 200, "?"),
    ]
    assert not [arc for arc in machine.arcs if arc.seen]
    self_loops = {node.phase: node.self_loops for node in machine.nodes}
    assert self_loops["active"] == (("ack 500 → ? ×1", True),)
    assert self_loops["queued"] == (("ack 200 → ? ×1", False),)


def test_overlapping_requests_are_not_counted() -> None:
    said = transcript(
        exchange("get", "get", 200, item("queued"), at=(0, 1)),
        exchange("a", "ack", 200, item("starting"), at=(2, 4)),
        exchange("b", "ack", 200, item("starting"), at=(3, 5)),
    )
    assert draw_state_diagram([said], set()).table == ()


def test_every_scenario_has_a_bar_at_its_time() -> None:
    names = ("retry.active", "retry.starting", "auth.missing")
    said = {
        name: transcript(exchange("ack", "ack", at=(number, number + 2)), scenario=name)
        for number, name in enumerate(names)
    }
    timeline = timeline_of(said, {"retry.starting": "failed"})
    assert timeline is not None
    assert timeline.seconds == 4
    bars = {bar.label.partition(":")[0]: bar for band in timeline.bands for bar in band.bars}
    assert set(bars) == set(names)
    assert [bars[name].x for name in names] == [0, 250, 500]
    assert {bar.width for bar in bars.values()} == {500}
    assert [bars[name].kind for name in names] == ["passed", "failed", "passed"]
    assert timeline_of({}, {}) is None
