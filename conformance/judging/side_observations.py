"""Deviations of other operations from the docs: reported once per run, and never judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from conformance.chapters.ack.solo_operations import OF_OTHERS, find_undocumented_effects
from conformance.contract.model import PHASES
from conformance.exchange import ARRANGED_BY, SCRIPT, Exchange, Transcript
from conformance.text import Text

_NAMED: Final = 3
"""Maximum items that are named if many were delivered twice."""

_SHOW_THE_ITEM: Final = frozenset({"heartbeat", "stop", "get", "poll"})


_WITHOUT_STATE: Final = Text(
    "{operation} returned HTTP {status} and showed no state", "{operation} 返回 HTTP {status}，没有显示状态"
)


def observed_deviations(transcripts: Iterable[Transcript], delivered_twice: Sequence[str]) -> list[Text]:
    """Return one sentence per kind of deviation, with its number of occurrences."""
    odd: Counter[Text] = Counter()
    kept = [each for each in transcripts if each.facts.get(ARRANGED_BY) != SCRIPT]
    for transcript in kept:
        for exchange in (*transcript.exchanges, *(e for attempt in transcript.earlier_attempts for e in attempt)):
            words = _oddity(exchange)
            if words is not None:
                odd[words] += 1
    found = [
        Text("{what} ({n} times)", "{what}（{n} 次）").format(what=words, n=times)
        for words, times in sorted(odd.items(), key=lambda each: each[0].en)
    ]
    return [*_delivered_twice(delivered_twice), *found, *_done_alone(kept)]


def _done_alone(transcripts: Iterable[Transcript]) -> list[Text]:
    """Return deviations of operations that nothing overlapped; a response without a state counts each time."""
    return [
        each.describe()
        for each in find_undocumented_effects(transcripts)
        if each.kind in OF_OTHERS and each.shown is not None
    ]


def _delivered_twice(work_ids: Sequence[str]) -> list[Text]:
    if not work_ids:
        return []
    named, rest = ", ".join(work_ids[:_NAMED]), len(work_ids) - _NAMED
    if rest > 0:
        words = Text(
            "poll delivered {items} and {n} more to two workers",
            "poll 将 {items} 以及另外 {n} 个 item 投递给了两个 worker",
        )
        return [words.format(items=named, n=rest)]
    return [Text("poll delivered {items} to two workers", "poll 将 {items} 投递给了两个 worker").format(items=named)]


def _oddity(exchange: Exchange) -> Text | None:
    """Return what is unusual in the success response of an operation that has to show an item."""
    response = exchange.response
    if exchange.outcome != "ok" or response is None or not 200 <= response.status < 300:
        return None
    if exchange.operation not in _SHOW_THE_ITEM:
        return None
    body = response.json(otherwise="")  # not None: that is the `null` of an empty poll
    what = {"operation": exchange.operation, "status": response.status}
    if not isinstance(body, dict):
        if exchange.operation == "poll" and (body is None and response.status == 200):
            return None
        return _WITHOUT_STATE.format(**what)
    state = body.get("state")
    if not isinstance(state, str):
        return _WITHOUT_STATE.format(**what)
    if state not in PHASES:
        words = Text("{operation} showed the state `{state}`", "{operation} 显示的状态为 `{state}`")
        return words.format(**what, state=state[:20])
    if response.status != 200:
        return Text("{operation} returned HTTP {status}", "{operation} 返回 HTTP {status}").format(**what)
    return None
