"""A contradiction in words, in both languages."""

from __future__ import annotations

import pytest

from conformance.contract.model import ItemState, Phase
from conformance.linearizability.check import check
from conformance.linearizability.counterexample import Counterexample
from conformance.linearizability.counterexample_text import describe_counterexample
from conformance.linearizability.history import timeline
from conformance.text import Text
from tests.linearizability.recorded_histories import event


def counterexample(phase: Phase, *lines: str, item: str = "") -> Counterexample:
    outcome = check({item: ItemState(phase, "A")}, [event(line) for line in lines])
    assert isinstance(outcome, Counterexample)
    return outcome


@pytest.mark.parametrize(
    ("phase", "lines", "words"),
    [
        (
            "starting",
            ("stop stop 200 stopping 0 1", "ack ack:A 200 starting 2 3", "get get 200 starting 4 5"),
            Text(
                "the item was `starting`, then `stop` returned 200; no order lets `ack` return 200 (the item can only"
                " be `stopping` then)",
                "该 item 起初为 `starting`，随后 `stop` 返回 200；没有任何顺序允许 `ack` 返回 200（此时 item 只能是"
                " `stopping`）",
            ),
        ),
        (
            "queued",
            ("old ack:A 200 starting 0 5", "poll redeliver:B 200 delivered 1 4"),
            Text(
                "the item was `queued`; at the same time `poll` delivered it; no order lets `old` return 200",
                "该 item 起初为 `queued`；同时 `poll` 投递了它；没有任何顺序允许 `old` 返回 200",
            ),
        ),
        (
            "queued",
            ("ack ack:A 200 starting 0 1", "poll redeliver:A 200 delivered 2 3"),
            Text(
                "the item was `queued`, then `ack` returned 200; no order lets `poll` deliver it (the item can only be"
                " `starting` then)",
                "该 item 起初为 `queued`，随后 `ack` 返回 200；没有任何顺序允许 `poll` 投递它（此时 item 只能是 `starting`）",
            ),
        ),
        (
            "queued",
            ("mine ack:A 200 starting 0 5", "other ack:B 200 starting 1 4"),
            Text(
                "the item was `queued`; no order lets `other` return 200 (the item is another worker's)",
                "该 item 起初为 `queued`；没有任何顺序允许 `other` 返回 200（该 item 属于其他 worker）",
            ),
        ),
        (
            "queued",
            ("ack ack:A 404 0 5", "get get 200 queued 6 7"),
            Text(
                "the item was `queued`; no order lets `ack` return 404 (no state of an item allows that)",
                "该 item 起初为 `queued`；没有任何顺序允许 `ack` 返回 404（item 的任何状态都不允许如此）",
            ),
        ),
        (
            "queued",
            ("get get 200 <script> 0 1",),
            Text(
                "the item was `queued`; no order lets `get` show another state (no state of an item allows that)",
                "该 item 起初为 `queued`；没有任何顺序允许 `get` 显示其他状态（item 的任何状态都不允许如此）",
            ),
        ),
        (
            "queued",
            ("ack ack:A 200 active 0 5", "stop stop 200 stopping 1 4", "get get 200 stopping 8 9"),
            Text(
                "the item was `queued`; no order lets `ack` return 200 with `active`",
                "该 item 起初为 `queued`；没有任何顺序允许 `ack` 返回 200，状态为 `active`",
            ),
        ),
        (
            "queued",
            ("a ack:A 409 0 3", "b ack:A 409 1 4", "get get 200 starting 8 9"),
            Text(
                "the item was `queued`, then `a` returned 409 and `b` returned 409; no order lets `get` show `starting`"
                " (the item can only be `queued` then)",
                "该 item 起初为 `queued`，随后 `a` 返回 409，且 `b` 返回 409；没有任何顺序允许 `get` 显示 `starting`（此时 item"
                " 只能是 `queued`）",
            ),
        ),
        (
            "queued",
            ("a ack:A 200 starting 0 1", "b ack:A 409 2 3", "get get 200 starting 8 9"),
            Text(
                "the item was `queued`, then `a` returned 200; no order lets `b` return 409 (the item can only be"
                " `starting` then)",
                "该 item 起初为 `queued`，随后 `a` 返回 200；没有任何顺序允许 `b` 返回 409（此时 item 只能是 `starting`）",
            ),
        ),
    ],
)
def test_what_no_order_allows_is_said(phase: Phase, lines: tuple[str, ...], words: Text) -> None:
    assert describe_counterexample(counterexample(phase, *lines)) == words


def test_one_of_several_items_is_named() -> None:
    words = describe_counterexample(counterexample("queued", "get get@b 200 active 0 1", item="b"))
    assert words.en.startswith("item `b` was `queued`;")
    assert words.zh.startswith("item `b` 起初为 `queued`；")


def test_the_timeline_marks_the_answers_that_are_needed() -> None:
    found = counterexample("queued", "a ack:A 200 starting 0 2", "b ack:A 409 1 3", "get get 200 queued 4 5")
    assert timeline(found.events, width=11, marked=found.needed) == [
        "       operation  response      from ms   to ms",
        "* a    ack        200 starting      0.0  2000.0  [===]",
        "  b    ack        409            1000.0  3000.0    [===]",
        "* get  get        200 queued     4000.0  5000.0          [=]",
    ]
