"""What each race of one item must satisfy, as pure functions on histories written by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.exchange import Ending
from conformance.judging.verdict import Failure
from conformance.text import Text
from tests.chapters.race_dialogs import FOREIGN, HEARTBEAT, OTHER, SAME, STOP, Reply, acks, beside, kinds, race, reply
from tests.scenario.transcript_builder import Dialog, envelope


def history(failure: Failure) -> list[str]:
    return failure.diagram.en.splitlines() if failure.diagram is not None else []


# --- four acks of the rightful worker


@pytest.mark.parametrize(
    ("burst", "after"),
    [
        (acks("starting", "starting", "starting", "starting"), "starting"),
        (acks("starting", 409, 409, 409), "starting"),
        (acks(409, 409, 409, "starting"), "starting"),
        (acks("starting", "unknown", "fail", 409), "starting"),
        (acks("unknown", 409, 409, 409), "starting"),
        (acks("unknown", 409, 409, 409), "queued"),
        (acks("starting", "fail", "fail", 409), "starting"),
        (acks("unknown", "unknown", "unknown", 409), "queued"),
    ],
)
def test_acks_of_one_worker_that_some_order_explains_pass(burst: dict[str, Reply], after: str) -> None:
    assert kinds(race("race.same-worker", burst, after)) == {"passed"}


@pytest.mark.parametrize(
    ("burst", "after"),
    [
        (acks(409, 409, 409, 409), "starting"),
        (acks(409, 409, 409, 409), "queued"),
        (acks(409, 409, 409, "fail"), "queued"),
        (acks("starting", "starting", 500, "starting"), "starting"),
        (acks("starting", 409, 409, 404), "starting"),
        (acks("starting", 409, 409, 409), "queued"),
        (acks("starting", "starting", "starting", "starting"), "active"),
        (acks("unknown", "starting", 409, 409), "queued"),
        (acks("unknown", 409, 409, 409), "active"),
        (acks("active", "starting", 409, 409), "starting"),
    ],
)
def test_acks_of_one_worker_that_no_order_explains_fail(burst: dict[str, Reply], after: str) -> None:
    assert race("race.same-worker", burst, after).verdict(SAME).kind == "failed"


def test_all_refused_is_said_plainly_and_once_more_as_a_history() -> None:
    failures = race("race.same-worker", acks(409, 409, 409, 409), "starting").verdict(SAME).failures
    assert [failure.actual.en for failure in failures] == [
        "HTTP 409, HTTP 409, HTTP 409, HTTP 409",
        "the GET after the race (`after`) must not show `starting`: by then the item can only be `queued` (the item was"
        " `queued`, then `ack.1` returned 409 and `ack.2` returned 409 and `ack.3` returned 409 and `ack.4` returned 409)",
    ]
    picture = history(failures[1])
    assert [line.split()[:2] for line in picture[1:]] == [
        ["*", step] for step in ("ack.1", "ack.2", "ack.3", "ack.4", "after")
    ]
    assert all("409" in line and "[" in line for line in picture[1:5])
    assert "starting" in picture[5]


def test_what_a_contradiction_does_not_need_is_not_marked() -> None:
    """The refusals beside the one success are none of its business; the success may be any."""
    (ended, failure) = race("race.same-worker", acks("starting", 409, 409, 409), "queued").verdict(SAME).failures
    assert (ended.pointer, ended.actual.en) == ("/state", "`queued`")
    assert failure.step == "after"
    assert failure.actual == Text(
        "the GET after the race (`after`) must not show `queued`: by then the item can only be `starting` (the item was"
        " `queued`, then `ack.1` returned 200)",
        "并发之后的 GET（`after`）不应显示 `queued`，因为此时 item 只能是 `starting`（该 item 起初为 `queued`，随后 `ack.1` 返回 200）",
    )
    assert [line[:7].split() for line in history(failure)[1:]] == [
        ["*", "ack.1"],
        ["ack.2"],
        ["ack.3"],
        ["ack.4"],
        ["*", "after"],
    ]


@pytest.mark.parametrize("status", [404, 500])
def test_an_answer_that_no_state_allows_stands_alone(status: int) -> None:
    failures = race("race.same-worker", acks("starting", status, 409, 409), "starting").verdict(SAME).failures
    assert [failure.step for failure in failures] == ["ack.2", "ack.2"]
    assert f"(`ack.2`) must not return {status}: no state of an item allows that" in failures[0].actual.en
    signs = [line.split()[:2] for line in history(failures[0])[1:]]
    assert signs == [["-", "ack.1"], ["*", "ack.2"], ["-", "ack.3"], ["-", "ack.4"]]
    assert f"HTTP {status}" in failures[1].actual.en
    assert not failures[1].diagram


def test_a_wrong_type_alone_makes_no_race_fail() -> None:
    """The type of a 409 has requirements of its own, in cases where nothing overlaps."""
    dialog = race("race.same-worker", acks("starting", (409, envelope("conflict_error")), 409, 409), "starting")
    assert dialog.verdict(SAME).kind == "passed"


def test_where_no_ack_was_answered_nothing_is_judged() -> None:
    for after in ("queued", "starting"):
        dialog = race("race.same-worker", acks(*["unknown"] * 4), after)
        verdict = dialog.verdict(SAME)
        assert (verdict.kind, verdict.blocked_by) == ("inconclusive", None)
    assert race("race.same-worker", acks(*["unknown"] * 4), "active").verdict(SAME).kind == "failed"


def test_an_answer_that_cannot_be_read_is_another_requirements_failure() -> None:
    dialog = race("race.same-worker", acks("starting", (200, None), 409, 409), "starting")
    dialog.said("ack.2", 200, text="{").together("ack.1", "ack.2")
    assert dialog.verdict("ack.answer.strict-json").kind == "failed"
    assert dialog.verdict(SAME).blocked_by == "ack.answer.strict-json"


@pytest.mark.parametrize("step", ["before", "ack.1", "ack.4"])
@pytest.mark.parametrize("said", [409, "fail"])
def test_a_race_that_was_none_is_not_judged(step: str, said: Reply) -> None:
    reason = Text("the requests did not overlap in time", "各请求在时间上没有重叠")
    dialog = race("race.same-worker", acks(*[said] * 4), "queued")
    verdict = dialog.ended(Ending(kind="inconclusive", reason=reason), after=step).verdict(SAME)
    assert (verdict.kind, verdict.reason) == ("inconclusive", reason)


def test_a_get_that_fails_is_not_held_against_the_ack() -> None:
    dialog = race("race.same-worker", acks("starting", 409, 409, 409), "starting").said("after", 500, {})
    assert dialog.verdict(SAME).kind == "inconclusive"


# --- and of others


def foreign(burst: dict[str, Reply], after: str = "starting", rightful: Reply = "starting") -> Dialog:
    others = {"foreign.1": ("ack", OTHER), "foreign.2": ("ack", "conformance-0000000000c3")}
    dialog = race("race.foreign-worker", burst, after, others=others)  # type: ignore[arg-type]
    reply(dialog, "rightful", rightful)
    return dialog


def against(*replies: Reply) -> dict[str, Reply]:
    return dict(zip(("ack.1", "ack.2", "foreign.1", "foreign.2"), replies, strict=True))


@pytest.mark.parametrize(
    ("burst", "after"),
    [
        (against("starting", "starting", 409, 409), "starting"),
        (against(409, "starting", 409, 409), "starting"),
        (against("starting", "unknown", "unknown", 409), "starting"),
        (against("unknown", 409, 409, "fail"), "queued"),
        (against(409, 409, 409, 409), "queued"),
    ],
)
def test_only_the_rightful_worker_wins(burst: dict[str, Reply], after: str) -> None:
    assert kinds(foreign(burst, after)) == {"passed"}


@pytest.mark.parametrize(
    "burst",
    [
        against("starting", "starting", "starting", 409),
        against(409, 409, "starting", 409),
        against("unknown", "unknown", 409, "starting"),
        against(409, 409, "unknown", 409),
        against(409, "fail", 409, 409),
        against("starting", 409, 500, 409),
        against("starting", 409, 404, 409),
    ],
)
def test_a_foreign_worker_that_wins_fails(burst: dict[str, Reply]) -> None:
    assert foreign(burst).verdict(FOREIGN).kind == "failed"


@pytest.mark.parametrize("rightful", [409, 500, "queued", "active"])
def test_the_rightful_worker_still_has_it_afterwards(rightful: Reply) -> None:
    verdict = foreign(against("starting", 409, 409, 409), rightful=rightful).verdict(FOREIGN)
    assert (verdict.kind, [failure.step for failure in verdict.failures]) == ("failed", ["rightful"])


# --- a stop, a heartbeat


@pytest.mark.parametrize(
    ("other", "phase", "burst", "after"),
    [
        ("stop", "queued", ("starting", "starting", "stopping"), "stopping"),
        ("stop", "queued", ("starting", 409, "stopping"), "stopping"),
        ("stop", "queued", (409, 409, "stopped"), "stopped"),
        ("stop", "queued", ("stopping", "starting", "stopping"), "stopping"),
        ("stop", "starting", ("starting", 409, "stopping"), "stopping"),
        ("stop", "queued", ("unknown", 409, "stopped"), "stopped"),
        ("stop", "queued", ("starting", "unknown", "unknown"), "stopping"),
        ("force", "queued", ("starting", 409, "stopped"), "stopped"),
        ("force", "queued", (409, 409, "stopped"), "stopped"),
        ("force", "starting", ("starting", "starting", "stopped"), "stopped"),
        ("heartbeat", "starting", ("starting", "active", "active"), "active"),
        ("heartbeat", "starting", ("starting", 409, "active"), "active"),
        ("heartbeat", "starting", ("starting", "starting", "unknown"), "active"),
    ],
)
def test_what_some_order_explains_passes(other: str, phase: str, burst: tuple[Reply, Reply, Reply], after: str) -> None:
    assert kinds(beside(other, burst, after, phase)) == {"passed"}


@pytest.mark.parametrize(
    ("other", "phase", "burst", "after", "said"),
    [
        ("stop", "queued", ("starting", 409, "unknown"), "starting", "stop did not change the item"),
        ("stop", "queued", ("starting", 409, 500), "starting", "stop did not change the item in this race (HTTP 500)"),
        ("stop", "starting", ("starting", "starting", 404), "starting", "(HTTP 404)"),
        ("force", "active", ("active", "active", 403), "active", "(HTTP 403)"),
        ("heartbeat", "starting", ("starting", "starting", 409), "starting", "heartbeat did not change the item"),
        ("heartbeat", "starting", ("starting", "starting", 403), "starting", "(HTTP 403)"),
    ],
)
def test_beside_what_took_no_effect_nothing_was_raced(
    other: str, phase: str, burst: tuple[Reply, Reply, Reply], after: str, said: str
) -> None:
    verdict = beside(other, burst, after, phase).verdict(HEARTBEAT if other == "heartbeat" else STOP)
    assert verdict.kind == "inconclusive"
    assert verdict.reason is not None
    assert said in verdict.reason.en


@pytest.mark.parametrize(
    ("other", "phase", "burst", "after"),
    [
        ("stop", "queued", ("starting", "starting", "stopped"), "starting"),
        ("stop", "queued", ("starting", 409, "stopping"), "starting"),
        ("stop", "queued", ("starting", 409, "stopping"), "stopped"),
        ("stop", "queued", (409, 409, "stopped"), "starting"),
        ("stop", "starting", ("starting", 500, "stopping"), "stopping"),
        ("stop", "starting", ("starting", "starting", "stopping"), "starting"),
        ("force", "queued", ("starting", 409, "stopped"), "starting"),
        ("force", "queued", ("starting", 409, "stopped"), "queued"),
        ("force", "starting", ("unknown", "starting", "stopped"), "starting"),
        ("heartbeat", "starting", ("starting", "starting", "active"), "starting"),
        ("heartbeat", "starting", ("queued", "starting", "active"), "active"),
        ("heartbeat", "starting", ("starting", 500, "active"), "active"),
    ],
)
def test_a_stopped_item_that_is_revived_or_moved_back_fails(
    other: str, phase: str, burst: tuple[Reply, Reply, Reply], after: str
) -> None:
    verdict = beside(other, burst, after, phase).verdict(HEARTBEAT if other == "heartbeat" else STOP)
    assert verdict.kind == "failed"
    assert all(any(line.startswith("* ") for line in history(failure)) for failure in verdict.failures[:1])
    if not {500, "queued"} & set(burst):  # those are wrong by themselves
        assert any(other in "".join(history(failure)) for failure in verdict.failures), (
            "the history shows what it ran into"
        )


# --- what follows in the middle of a burst


def stopped_and_acked(
    late: Reply, *, stop: Reply = "stopping", acks: Reply = "starting", after: str = "stopping"
) -> Dialog:
    """A stop at the same time as two acks, and a third ack as soon as the stop was answered."""
    burst: dict[str, Reply] = {"ack.1": acks, "ack.2": acks, "stop": stop, "ack.late": late}
    dialog = race("race.stop.queued", burst, after, others={"stop": ("stop", None)})
    end = dialog.exchanges["ack.1"].completed
    for number, step in enumerate(("stop", "ack.late")):  # while the first two acks are under way
        then = replace(
            dialog.exchanges[step], invoked=end - 0.03 + 0.01 * number, completed=end - 0.022 + 0.01 * number
        )
        dialog.exchanges[step] = then
    return dialog


def test_an_ack_after_a_stop_is_refused_whatever_else_is_under_way() -> None:
    assert kinds(stopped_and_acked(409)) == {"passed"}
    for late in ("starting", "stopping", 500):
        assert stopped_and_acked(late).verdict(STOP).kind == "failed"
    lost = stopped_and_acked("starting", stop="unknown", after="starting").verdict(STOP)
    assert lost.kind == "inconclusive", "nothing shows that there was a stop"
    assert stopped_and_acked("fail").verdict(STOP).kind == "passed"


def test_a_race_of_an_earlier_suite_had_fewer_requests() -> None:
    dialog = beside("stop", ("starting", "starting", "stopping"), "stopping")
    assert dialog.transcript().find("ack.late") is None
    assert kinds(dialog) == {"passed"}
    dialog = stopped_and_acked(409)
    del dialog.exchanges["ack.late"]
    assert dialog.verdict(STOP).kind == "inconclusive", "this one was counted, and is not there"


def test_a_race_names_what_was_allowed_and_every_request_behind_what_a_get_shows() -> None:
    failure = race("race.same-worker", acks(409, 409, 409, 409), "starting").verdict(SAME).failures[1]
    assert failure.expected.en == "`queued`, in whatever order the requests took effect"
    assert failure.expected.zh == "`queued`（无论各请求以何种顺序生效）"
    assert [blamed.step for blamed in failure.blamed] == ["ack.1", "ack.2", "ack.3", "ack.4"]


def test_the_allowed_responses_to_an_ack_after_a_stop() -> None:
    failures = stopped_and_acked("starting").verdict(STOP).failures
    failure = next(each for each in failures if each.diagram is not None)
    assert failure.expected.en == "HTTP 409, in whatever order the requests took effect"
    assert not failure.blamed
