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
                "the ack sent after the stop's response (`ack`) must not return 200: by then the item can only be"
                " `stopping` (the item was `starting`, then `stop` returned 200)",
                "收到 stop 的响应之后才发出的 ack（`ack`）不应返回 200，因为此时 item 只能是 `stopping`（该 item 起初为 `starting`，随后"
                " `stop` 返回 200）",
            ),
        ),
        (
            "queued",
            ("old ack:A 200 starting 0 5", "poll redeliver:B 200 delivered 1 4"),
            Text(
                "an ack of the owning worker (`old`) must not return 200: no order of the requests explains that (the item"
                " was `queued`; at the same time `poll` delivered it)",
                "拥有该 item 的 worker 的 ack（`old`）不应返回 200，因为没有任何请求顺序可以解释这一结果（该 item 起初为 `queued`；同时 `poll` 投递了它）",
            ),
        ),
        (
            "queued",
            ("ack ack:A 200 starting 0 1", "poll redeliver:A 200 delivered 2 3"),
            Text(
                "the poll (`poll`) must not deliver the item: by then the item can only be `starting` (the item was"
                " `queued`, then `ack` returned 200)",
                "poll 请求（`poll`）不应投递该 item，因为此时 item 只能是 `starting`（该 item 起初为 `queued`，随后 `ack` 返回 200）",
            ),
        ),
        (
            "queued",
            ("mine ack:A 200 starting 0 5", "other ack:B 200 starting 1 4"),
            Text(
                "an ack of another worker (`other`) must not return 200: the item does not belong to that worker (the item"
                " was `queued`)",
                "其他 worker 的 ack（`other`）不应返回 200，因为该 item 不属于这个 worker（该 item 起初为 `queued`）",
            ),
        ),
        (
            "queued",
            ("ack ack:A 404 0 5", "get get 200 queued 6 7"),
            Text(
                "an ack of the owning worker (`ack`) must not return 404: no state of an item allows that (the item was"
                " `queued`)",
                "拥有该 item 的 worker 的 ack（`ack`）不应返回 404，因为 item 的任何状态都不允许如此（该 item 起初为 `queued`）",
            ),
        ),
        (
            "queued",
            ("get get 200 <script> 0 1",),
            Text(
                "the GET after the race (`get`) must not show another state: no state of an item allows that (the item was"
                " `queued`)",
                "并发之后的 GET（`get`）不应显示其他状态，因为 item 的任何状态都不允许如此（该 item 起初为 `queued`）",
            ),
        ),
        (
            "queued",
            ("ack ack:A 200 active 0 5", "stop stop 200 stopping 1 4", "get get 200 stopping 8 9"),
            Text(
                "an ack of the owning worker (`ack`) must not return 200 with `active`: no order of the requests explains"
                " that (the item was `queued`)",
                "拥有该 item 的 worker 的 ack（`ack`）不应返回 200 且状态为 `active`，因为没有任何请求顺序可以解释这一结果（该 item 起初为 `queued`）",
            ),
        ),
        (
            "queued",
            ("a ack:A 409 0 3", "b ack:A 409 1 4", "get get 200 starting 8 9"),
            Text(
                "the GET after the race (`get`) must not show `starting`: by then the item can only be `queued` (the item"
                " was `queued`, then `a` returned 409 and `b` returned 409)",
                "并发之后的 GET（`get`）不应显示 `starting`，因为此时 item 只能是 `queued`（该 item 起初为 `queued`，随后 `a` 返回"
                " 409，且 `b` 返回 409）",
            ),
        ),
        (
            "queued",
            ("a ack:A 200 starting 0 1", "b ack:A 409 2 3", "get get 200 starting 8 9"),
            Text(
                "an ack of the owning worker (`b`) must not return 409: by then the item can only be `starting` (the item"
                " was `queued`, then `a` returned 200)",
                "拥有该 item 的 worker 的 ack（`b`）不应返回 409，因为此时 item 只能是 `starting`（该 item 起初为 `queued`，随后 `a` 返回 200）",
            ),
        ),
    ],
)
def test_what_no_order_allows_is_said(phase: Phase, lines: tuple[str, ...], words: Text) -> None:
    assert describe_counterexample(counterexample(phase, *lines)) == words


def test_one_of_several_items_is_named() -> None:
    words = describe_counterexample(counterexample("queued", "get get@b 200 active 0 1", item="b"))
    assert words.en.endswith("(item `b` was `queued`)")
    assert words.zh.endswith("（item `b` 起初为 `queued`）")


def test_the_timeline_marks_the_answers_that_are_needed() -> None:
    found = counterexample("queued", "a ack:A 200 starting 0 2", "b ack:A 409 1 3", "get get 200 queued 4 5")
    assert timeline(found.events, width=11, marked=found.needed) == [
        "       operation  response      from ms   to ms",
        "* a    ack        200 starting      0.0  2000.0  [===]",
        "  b    ack        409            1000.0  3000.0    [===]",
        "* get  get        200 queued     4000.0  5000.0          [=]",
    ]
