"""What must hold of races, as pure functions on histories written by hand."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.exchange import Ending, Outcome
from conformance.text import Text
from tests.scenario.building import WORK, Dialog, begun, envelope, shown

CONFLICT = "invalid_request_error"
SAME, FOREIGN = "ack.race.same-worker", "ack.race.foreign-worker"
STOP, HEARTBEAT = "ack.race.stop", "ack.race.heartbeat"
REDELIVERY, LIVE = "ack.race.redelivery", "ack.race.not-delivered-again"
WORKER, OTHER = "conformance-0000000000a1", "conformance-0000000000b2"

Reply = int | str | Outcome | tuple[int, Any]
"""An answer in short: a status, the state of a 200, `unknown`, `fail`, or status and body."""


def reply(dialog: Dialog, step: str, said: Reply) -> None:
    match said:
        case "unknown" | "fail":
            dialog.unanswered(step, said)
        case str():
            dialog.said(step, 200, shown(said))
        case int():
            dialog.said(step, said, envelope(CONFLICT if said == 409 else "api_error"))
        case (status, body):
            dialog.said(step, status, body)


def race(
    scenario_id: str,
    burst: dict[str, Reply],
    after: str,
    *,
    phase: str = "queued",
    others: dict[str, tuple[str, str | None]] | None = None,
) -> Dialog:
    """A burst of these steps at one time, and the state that the get after it shows. `others` are not rightful acks."""
    dialog = begun(scenario_id)
    if phase != "queued":
        dialog.said("arrange.ack", 200, shown("starting"))
    dialog.said("before", 200, shown(phase))
    for step, said in burst.items():
        reply(dialog, step, said)
    dialog.together(*burst).said("after", 200, shown(after))
    operations = {step: (others or {}).get(step, ("ack", WORKER)) for step in burst}
    dialog.facts["race"] = {
        "phase": phase,
        "worker": WORKER,
        "operations": {step: {"kind": kind, "worker": who} for step, (kind, who) in operations.items()},
    }
    return dialog


def acks(*replies: Reply) -> dict[str, Reply]:
    return {f"ack.{number}": said for number, said in enumerate(replies, 1)}


def kinds(dialog: Dialog) -> set[str]:
    """Of every requirement of the case; what a history says nothing about is not exercised."""
    return set(dialog.kinds().values()) - {"not-exercised"}


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
    reds = race("race.same-worker", acks(409, 409, 409, 409), "starting").verdict(SAME).reds
    assert [red.actual.en for red in reds] == [
        "HTTP 409, HTTP 409, HTTP 409, HTTP 409",
        "the item was `queued`, then `ack.1` answered 409 and `ack.2` answered 409 and `ack.3` answered 409 and `ack.4`"
        " answered 409; no order lets `after` show `starting` (the item can only be `queued` then)",
    ]
    picture = reds[1].exhibit.splitlines()
    assert [line.split()[:2] for line in picture[1:]] == [
        ["*", step] for step in ("ack.1", "ack.2", "ack.3", "ack.4", "after")
    ]
    assert all("409" in line and "[" in line for line in picture[1:5])
    assert "starting" in picture[5]


def test_what_a_contradiction_does_not_need_is_not_shown() -> None:
    """The refusals beside the one success are none of its business; the success may be any."""
    (ended, red) = race("race.same-worker", acks("starting", 409, 409, 409), "queued").verdict(SAME).reds
    assert (ended.pointer, ended.actual.en) == ("/state", "`queued`")
    assert red.step == "after"
    assert red.actual == Text(
        "the item was `queued`, then `ack.1` answered 200; no order lets `after` show `queued` (the item can only be"
        " `starting` then)",
        "item 起初为 `queued`，随后 `ack.1` 返回 200；没有任何顺序允许 `after` 显示 `queued`（此时 item 只能是 `starting`）",
    )
    assert [line[:7].split() for line in red.exhibit.splitlines()[1:]] == [
        ["*", "ack.1"],
        ["ack.2"],
        ["ack.3"],
        ["ack.4"],
        ["*", "after"],
    ]


@pytest.mark.parametrize("status", [404, 500])
def test_an_answer_that_no_state_allows_stands_alone(status: int) -> None:
    reds = race("race.same-worker", acks("starting", status, 409, 409), "starting").verdict(SAME).reds
    assert [red.step for red in reds] == ["ack.2", "ack.2"]
    assert f"no order lets `ack.2` answer {status} (no state of an item allows that)" in reds[0].actual.en
    assert len(reds[0].exhibit.splitlines()) == 2
    assert f"HTTP {status}" in reds[1].actual.en
    assert not reds[1].exhibit


def test_a_409_of_a_burst_has_the_documented_type() -> None:
    dialog = race("race.same-worker", acks("starting", (409, envelope("conflict_error")), 409, 409), "starting")
    verdict = dialog.verdict(SAME)
    assert (verdict.kind, [red.pointer for red in verdict.reds]) == ("failed", ["/error/type"])


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
    assert (verdict.kind, [red.step for red in verdict.reds]) == ("failed", ["rightful"])


# --- a stop, a heartbeat


def beside(other: str, burst: tuple[Reply, Reply, Reply], after: str, phase: str = "queued") -> Dialog:
    scenario_id = "race.heartbeat" if other == "heartbeat" else f"race.{other}.{phase}"
    kind = {"force": "force-stop"}.get(other, other)
    steps = dict(zip(("ack.1", "ack.2", other), burst, strict=True))
    return race(scenario_id, steps, after, phase=phase, others={other: (kind, None)})


@pytest.mark.parametrize(
    ("other", "phase", "burst", "after"),
    [
        ("stop", "queued", ("starting", "starting", "stopping"), "stopping"),
        ("stop", "queued", ("starting", 409, "stopping"), "stopping"),
        ("stop", "queued", (409, 409, "stopped"), "stopped"),
        ("stop", "queued", ("stopping", "starting", "stopping"), "stopping"),
        ("stop", "starting", ("starting", 409, "stopping"), "stopping"),
        ("stop", "queued", ("starting", 409, "unknown"), "starting"),
        ("stop", "queued", ("starting", 409, 500), "starting"),
        ("stop", "queued", ("unknown", 409, "stopped"), "stopped"),
        ("stop", "queued", ("starting", "unknown", "unknown"), "stopping"),
        ("force", "queued", ("starting", 409, "stopped"), "stopped"),
        ("force", "queued", (409, 409, "stopped"), "stopped"),
        ("force", "starting", ("starting", "starting", "stopped"), "stopped"),
        ("heartbeat", "starting", ("starting", "active", "active"), "active"),
        ("heartbeat", "starting", ("starting", 409, "active"), "active"),
        ("heartbeat", "starting", ("starting", "starting", 409), "starting"),
        ("heartbeat", "starting", ("starting", "starting", "unknown"), "active"),
    ],
)
def test_what_some_order_explains_passes(other: str, phase: str, burst: tuple[Reply, Reply, Reply], after: str) -> None:
    assert kinds(beside(other, burst, after, phase)) == {"passed"}


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
    assert all(any(line.startswith("* ") for line in red.exhibit.splitlines()) for red in verdict.reds[:1])
    if not {500, "queued"} & set(burst):  # those are wrong by themselves
        assert any(other in red.exhibit for red in verdict.reds), "the history shows what it ran into"


# --- a redelivery


def redelivered(ack: Reply, poll: Reply, after: str) -> Dialog:
    others = {"poll": ("redeliver", OTHER)}
    return race("race.redelivery", {"ack.1": ack, "poll": poll}, after, others=others)  # type: ignore[arg-type]


NOTHING, MINE, ANOTHER = (200, None), (200, shown()), (200, shown(id=f"{WORK[:-1]}5"))


@pytest.mark.parametrize(
    ("ack", "poll", "after"),
    [
        ("starting", NOTHING, "starting"),
        ("starting", ANOTHER, "starting"),
        (409, MINE, "queued"),
        (409, NOTHING, "queued"),
        (409, "unknown", "queued"),
        ("starting", (500, {}), "starting"),
        ("starting", (204, None), "starting"),
    ],
)
def test_one_of_two_workers_has_it(ack: Reply, poll: Reply, after: str) -> None:
    assert kinds(redelivered(ack, poll, after)) == {"passed"}


@pytest.mark.parametrize(
    ("ack", "poll", "after"),
    [
        ("starting", MINE, "starting"),
        ("starting", MINE, "queued"),
        ("starting", NOTHING, "queued"),
        (409, MINE, "starting"),
        (500, MINE, "queued"),
    ],
)
def test_two_workers_that_both_have_it_fail(ack: Reply, poll: Reply, after: str) -> None:
    assert redelivered(ack, poll, after).verdict(REDELIVERY).kind == "failed"


# --- polls that must not find it


def polled(**answers: Reply) -> Dialog:
    """Polls that find nothing while the item is starting and then active, but for these (`starting_same`)."""
    dialog = begun("race.not-delivered-again").said("arrange.ack", 200, shown("starting"))
    for state in ("starting", "active"):
        for moment in ("before", "poll.same", "poll.other", "after"):
            found: Reply = NOTHING if moment.startswith("poll") else state
            reply(dialog, f"{state}.{moment}", answers.get(f"{state}_{moment.rpartition('.')[2]}", found))
    return dialog


def test_a_live_item_that_no_poll_finds_passes() -> None:
    assert kinds(polled()) == {"passed"}
    assert polled(starting_other=ANOTHER, active_same=ANOTHER).verdict(LIVE).kind == "passed"


@pytest.mark.parametrize("who", ["starting_same", "starting_other", "active_same", "active_other"])
@pytest.mark.parametrize("state", ["queued", "starting", "active"])
def test_a_live_item_that_a_poll_returns_fails(who: str, state: str) -> None:
    verdict = polled(**{who: state}).verdict(LIVE)
    assert (verdict.kind, [red.step for red in verdict.reds]) == ("failed", [who.replace("_", ".poll.")])


@pytest.mark.parametrize(
    "answers",
    [
        {"starting_before": "queued"},
        {"active_before": "starting"},
        {"starting_same": (204, None)},
        {"active_other": 500},
    ],
)
def test_an_item_that_was_not_live_says_nothing(answers: dict[str, Reply]) -> None:
    assert polled(**answers).verdict(LIVE).kind == "inconclusive"


def test_a_poll_that_takes_the_item_back_to_the_queue_fails() -> None:
    assert polled(starting_same="queued", starting_after="queued").verdict(LIVE).kind == "failed"


def test_a_breach_in_the_first_state_stands_whatever_comes_after() -> None:
    assert polled(starting_same="starting", active_before="stopped").verdict(LIVE).kind == "failed"
