"""What must hold of races, as pure functions on histories written by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.chapters.registry import scenarios
from conformance.exchange import Ending, Outcome
from conformance.text import Text
from tests.scenario.transcript_builder import ENVIRONMENT, WORK, Dialog, begun, envelope, shown

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
    failures = race("race.same-worker", acks(409, 409, 409, 409), "starting").verdict(SAME).failures
    assert [failure.actual.en for failure in failures] == [
        "HTTP 409, HTTP 409, HTTP 409, HTTP 409",
        "the GET after the race (`after`) must not show `starting`: by then the item can only be `queued` (the item was"
        " `queued`, then `ack.1` returned 409 and `ack.2` returned 409 and `ack.3` returned 409 and `ack.4` returned 409)",
    ]
    picture = failures[1].diagram.splitlines()
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
        "并发之后的 GET（`after`）不应显示 `queued`：此时 item 只能是 `starting`（该 item 起初为 `queued`，随后 `ack.1` 返回 200）",
    )
    assert [line[:7].split() for line in failure.diagram.splitlines()[1:]] == [
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
    signs = [line.split()[:2] for line in failures[0].diagram.splitlines()[1:]]
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
    assert all(any(line.startswith("* ") for line in failure.diagram.splitlines()) for failure in verdict.failures[:1])
    if not {500, "queued"} & set(burst):  # those are wrong by themselves
        assert any(other in failure.diagram for failure in verdict.failures), "the history shows what it ran into"


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
        (409, NOTHING, "queued"),
        (409, "unknown", "queued"),
        ("starting", (500, {}), "starting"),
        ("starting", (204, None), "starting"),
    ],
)
def test_a_poll_that_delivered_nothing_is_no_redelivery(ack: Reply, poll: Reply, after: str) -> None:
    assert redelivered(ack, poll, after).verdict(REDELIVERY).kind == "not-exercised"


def test_one_of_two_workers_has_it() -> None:
    assert kinds(redelivered(409, MINE, "queued")) == {"passed"}


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
        for moment in ("before", "poll.same", "poll.other"):
            found: Reply = NOTHING if moment.startswith("poll") else state
            reply(dialog, f"{state}.{moment}", answers.get(f"{state}_{moment.rpartition('.')[2]}", found))
    return dialog


def test_a_live_item_that_no_poll_finds_passes() -> None:
    assert kinds(polled()) == {"passed"}
    assert polled(starting_same=(204, None)).verdict(LIVE).kind == "passed", "another way to say that nothing was found"
    assert polled(starting_other=ANOTHER, active_same=ANOTHER).verdict(LIVE).kind == "passed"


@pytest.mark.parametrize("who", ["starting_same", "starting_other", "active_same", "active_other"])
@pytest.mark.parametrize("state", ["queued", "starting", "active"])
def test_a_live_item_that_a_poll_returns_fails(who: str, state: str) -> None:
    verdict = polled(**{who: state}).verdict(LIVE)
    assert (verdict.kind, [failure.step for failure in verdict.failures]) == ("failed", [who.replace("_", ".poll.")])


@pytest.mark.parametrize(
    "answers",
    [
        {"starting_before": "queued"},
        {"active_before": "starting"},
        {"starting_same": 500},
        {"active_other": 500},
    ],
)
def test_an_item_that_was_not_live_says_nothing(answers: dict[str, Reply]) -> None:
    assert polled(**answers).verdict(LIVE).kind == "inconclusive"


def test_a_breach_in_the_first_state_stands_whatever_comes_after() -> None:
    assert polled(starting_same="starting", active_before="stopped").verdict(LIVE).kind == "failed"


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


def claimed(claim: Reply, ack: Reply, poll: Reply, after: str) -> Dialog:
    """A redelivery whose new worker acks as soon as the poll was answered, when the other's ack is over as well."""
    others = {"poll": ("redeliver", OTHER), "claim": ("ack", OTHER)}
    burst = {"ack.1": ack, "poll": poll, "claim": claim}
    dialog = race("race.redelivery-first", burst, after, others=others)  # type: ignore[arg-type]
    end = dialog.exchanges["poll"].completed
    dialog.exchanges["claim"] = replace(dialog.exchanges["claim"], invoked=end + 0.001, completed=end + 0.005)
    return dialog


@pytest.mark.parametrize(
    ("claim", "ack", "poll", "kind"),
    [
        ("starting", 409, MINE, "passed"),
        (409, "starting", NOTHING, "not-exercised"),
        ("starting", "starting", MINE, "failed"),
        ("starting", "starting", NOTHING, "failed"),
        (409, 409, MINE, "failed"),
        ("starting", "unknown", MINE, "passed"),
        ("starting", 409, "unknown", "not-exercised"),
    ],
)
def test_of_two_workers_only_the_one_that_has_it_is_let_in(claim: Reply, ack: Reply, poll: Reply, kind: str) -> None:
    assert claimed(claim, ack, poll, "starting").verdict(REDELIVERY).kind == kind


# --- several items

SECOND, THIRD, FOURTH = f"{WORK[:-1]}5", f"{WORK[:-1]}6", f"{WORK[:-1]}7"
ITEMS = {"a": (WORK, WORKER), "b": (SECOND, OTHER), "c": (THIRD, WORKER), "d": (FOURTH, WORKER)}
CROSSED: dict[str, tuple[str, str, str | None]] = {
    "foreign.a": ("a", "ack", OTHER),
    "foreign.b": ("b", "ack", WORKER),
    "ack.a": ("a", "ack", WORKER),
    "ack.b": ("b", "ack", OTHER),
    "ack.c.1": ("c", "ack", WORKER),
    "ack.c.2": ("c", "ack", WORKER),
    "read.c": ("c", "get", None),
}


def of(name: str, state: str, **changes: Any) -> dict[str, Any]:
    """One of the four items, in that state."""
    return shown(state, id=ITEMS[name][0], metadata={"name": name}, **changes)


def crossed(**answers: Reply) -> Dialog:
    """Everybody gets their own and nobody another's, but for these answers (`ack_a`)."""
    dialog = Dialog(scenarios()["race.items"], facts={"arranged_by": "api"})
    for number, name in enumerate(ITEMS):
        step = f"{name}.arrange.poll.1" if number else "arrange.poll.1"
        told = {"worker": ITEMS[name][1], "seen_by": step, "environment_id": ENVIRONMENT, "work_id": ITEMS[name][0]}
        dialog.facts = dialog.facts | ({} if number else told)
        dialog.facts.setdefault("items", {})[name] = told
        dialog.said(step, 200, of(name, "queued")).said(f"before.{name}", 200, of(name, "queued"))

    def said(step: str, name: str, usual: Reply) -> None:
        answer = answers.get(step.replace(".", "_"), usual)
        reply(dialog, step, (200, of(name, answer)) if isinstance(answer, str) and answer not in LOST else answer)

    for step, (name, _, worker) in CROSSED.items():
        said(step, name, 409 if step.startswith("foreign") else "starting")
        assert (worker == ITEMS[name][1]) is not step.startswith("foreign") or worker is None
    dialog.together(*(step for step in CROSSED if step != "read.c"))
    for name in ITEMS:
        said(f"after.{name}", name, "queued" if name == "d" else "starting")
    for name in ("a", "b"):
        said(f"rightful.{name}", name, "starting")
    dialog.facts["race"] = {
        "items": {name: {"phase": "queued", "worker": worker} for name, (_, worker) in ITEMS.items()},
        "operations": {s: {"kind": kind, "worker": who, "item": name} for s, (name, kind, who) in CROSSED.items()},
    }
    return dialog


LOST = {"unknown", "fail"}
SAME_ITEM = "ack.answer.same-item"


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"ack_a": 409, "after_a": "queued"},
        {"ack_a": "unknown", "foreign_b": "fail"},
        {"ack_c_1": 409, "read_c": "starting"},
        {"ack_c_2": "unknown"},
        {"read_c": 500},
        {"read_c": "fail"},
        {"read_c": "queued"},
    ],
)
def test_items_that_each_some_order_explains_pass(answers: dict[str, Reply]) -> None:
    assert crossed(**answers).not_passed() == {}


@pytest.mark.parametrize(
    ("answers", "failed"),
    [
        ({"foreign_a": "starting"}, FOREIGN),
        ({"foreign_b": "starting"}, FOREIGN),
        ({"foreign_b": 500}, FOREIGN),
        ({"ack_b": 500}, FOREIGN),
        ({"after_b": "queued"}, FOREIGN),
        ({"after_a": "active"}, FOREIGN),
        ({"rightful_b": 409}, FOREIGN),
        ({"rightful_a": "queued"}, FOREIGN),
        ({"after_c": "queued"}, SAME),
        ({"ack_c_2": "queued"}, SAME),
        ({"ack_c_1": 500}, SAME),
        ({"read_c": "active"}, SAME),
        ({"after_d": "starting"}, SAME),
        ({"ack_c_1": 409, "ack_c_2": 409, "read_c": "queued", "after_c": "queued"}, SAME),
        ({"ack_a": (200, of("c", "starting"))}, SAME_ITEM),
        ({"ack_c_1": (200, of("a", "starting"))}, SAME_ITEM),
        ({"rightful_b": (200, of("a", "starting"))}, SAME_ITEM),
        ({"ack_b": (200, of("b", "starting", environment_id=f"{ENVIRONMENT[:-1]}0"))}, SAME_ITEM),
    ],
)
def test_each_item_has_its_own_history_and_its_own_answers(answers: dict[str, Reply], failed: str) -> None:
    kinds = crossed(**answers).kinds()
    assert {rule for rule, kind in kinds.items() if kind == "failed"} == {failed}


def test_the_picture_marks_the_item_that_nothing_explains() -> None:
    verdict = crossed(foreign_b="starting").verdict(FOREIGN)
    [exhibit] = [failure.diagram for failure in verdict.failures if failure.diagram]
    signs = {line.split()[1]: line.split()[0] for line in exhibit.splitlines()[1:]}
    assert {step for step, sign in signs.items() if sign == "*"} == {"foreign.b"}
    assert {sign for step, sign in signs.items() if step != "foreign.b"} == {"-"}
    assert {"ack.a", "ack.b", "foreign.a", "ack.c.1"} <= signs.keys()


def test_a_conversation_of_several_items_that_ended_before_is_not_judged() -> None:
    reason = Text("the requests did not overlap in time", "各请求在时间上没有重叠")
    for step in ("b.arrange.poll.1", "before.c", "ack.c.2"):
        dialog = crossed().ended(Ending(kind="inconclusive", reason=reason), after=step)
        if not step.startswith("ack"):
            del dialog.facts["race"]
        for rule in (FOREIGN, SAME):
            assert (dialog.verdict(rule).kind, dialog.verdict(rule).reason) == ("inconclusive", reason)


def test_items_of_which_no_ack_was_answered_are_not_judged() -> None:
    assert crossed(ack_c_1="unknown", ack_c_2="unknown", read_c="fail").verdict(SAME).kind == "inconclusive"
