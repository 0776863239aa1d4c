"""What polls may do in a race, as pure functions on histories written by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chapters.race_dialogs import LIVE, OTHER, REDELIVERY, Reply, kinds, race, reply
from tests.scenario.transcript_builder import WORK, Dialog, begun, shown

NOTHING, MINE, ANOTHER = (200, None), (200, shown()), (200, shown(id=f"{WORK[:-1]}5"))


def redelivered(ack: Reply, poll: Reply, after: str) -> Dialog:
    others = {"poll": ("redeliver", OTHER)}
    return race("race.redelivery", {"ack.1": ack, "poll": poll}, after, others=others)  # type: ignore[arg-type]


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


# --- the new worker acks in the middle of the burst


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
