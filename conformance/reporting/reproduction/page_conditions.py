"""Turns a failure that is about the items of a list into a condition."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from conformance.exchange import Exchange, Transcript
from conformance.judging.request_variables import own_environments
from conformance.judging.verdict import Failure
from conformance.reporting.reproduction.condition import UNDECIDED, Condition
from conformance.reporting.reproduction.references import values_of
from conformance.reporting.reproduction.steps import left_out
from conformance.reporting.reproduction.walks import PAGE, walks_of

_DATA: Final = "/data"
_ENDS: Final = frozenset({"/has_more", "/next_page"})
_EACH_ONCE: Final = re.compile(r"each of the (\d+) items once")
_FOREIGN: Final = "an item of another environment"
_ITEM: Final = re.compile(r"/data/\d+")
_ITEM_ID: Final = re.compile(r"/data/\d+/id")


def pages(failure: Failure, exchange: Exchange, transcript: Transcript) -> Condition | None:
    """Return the condition of a failure that is about all items of a list; None if the failure is another one."""
    if exchange.operation != "list" or failure.pointer != _DATA or values_of(exchange).get(_DATA) != "[":
        return None
    each_once = _EACH_ONCE.fullmatch(failure.expected.en)
    if each_once is not None:
        return _not_each_once(int(each_once[1]), exchange, transcript)
    if failure.actual.en == _FOREIGN:
        created = [each.step for each in transcript.exchanges if each.operation == "create_environment"]
        own = transcript.facts.get("environment_id")
        if own not in own_environments(transcript):
            return UNDECIDED
        source = next(step for step in created if _created(transcript, step) == f'"{own}"')
        return Condition(("foreign_item", exchange.step, source), frozenset({1, 2}))
    return _same_items(exchange, transcript)


def _created(transcript: Transcript, step: str) -> str:
    exchange = transcript.find(step)
    return values_of(exchange).get("/id", "") if exchange is not None else ""


def on_page(failure: Failure, exchange: Exchange, transcript: Transcript, condition: Condition) -> Condition:
    """Return the condition of a page of a walk, limited to the case that as much of the list was shown as in the run.

    Whether a page is the last one depends on the pages before it.
    """
    page = PAGE.fullmatch(exchange.step)
    if page is None or failure.pointer not in _ENDS:
        return condition
    kept = _kept(transcript)
    lists = [each for each in kept[: kept.index(exchange)] if each.operation == "list"]
    before = [
        each for each in lists if (found := PAGE.fullmatch(each.step)) is not None and found["walk"] == page["walk"]
    ]
    whole = max(
        (each for each in lists if PAGE.fullmatch(each.step) is None), key=lambda each: len(_items(each)), default=None
    )
    if whole is None:
        return condition
    seen = sum(len(_items(each)) for each in (*before, exchange))
    how = "less" if seen < len(_items(whole)) else "all"
    words = ("when_seen", whole.step, "\n".join([how, *(each.step for each in (*before, exchange))]))
    return Condition((*words, *condition.words), frozenset({1, 2, *(3 + place for place in condition.numbered)}))


def _not_each_once(count: int, last: Exchange, transcript: Transcript) -> Condition:
    """Compare the pages of a walk with the latest list before it that has all items."""
    page = PAGE.fullmatch(last.step)
    steps = [each.step for each in transcript.exchanges]
    if page is None:
        return UNDECIDED
    whole = [
        each
        for each in transcript.exchanges[: steps.index(f"{page['walk']}.1")]
        if each.operation == "list" and len(_items(each)) == count
    ]
    walk = next((each for each in walks_of(_kept(transcript)).values() if each.name == page["walk"]), None)
    if not whole or walk is None:
        return UNDECIDED
    words = (whole[-1].step, *walk.pages)
    return Condition(("not_each_once", *words), frozenset(range(1, len(words) + 1)))


def _same_items(exchange: Exchange, transcript: Transcript) -> Condition:
    """Return that the list has the same items in the same places, each named by where it appeared first."""
    kept = _kept(transcript)
    earlier = kept[: kept.index(exchange)] if exchange in kept else ()
    found: dict[str, list[str]] = {}
    for pointer, value in values_of(exchange).items():
        if _ITEM_ID.fullmatch(pointer):
            step, place = next(_appearances(value, earlier), (exchange.step, pointer))
            found.setdefault(step, []).append(f"{pointer}={place}")
    words: list[str] = [str(len(_items(exchange)))]
    for step, places in found.items():
        words += [step, " ".join(places)]
    return Condition(("same_items", exchange.step, *words), frozenset({1, *range(3, 2 + len(words), 2)}))


def _appearances(value: str, exchanges: tuple[Exchange, ...]) -> Iterator[tuple[str, str]]:
    for each in exchanges:
        for pointer, other in values_of(each).items():
            if other == value and pointer.endswith("/id"):
                yield each.step, pointer


def _items(exchange: Exchange) -> list[str]:
    return [pointer for pointer in values_of(exchange) if _ITEM.fullmatch(pointer)]


def _kept(transcript: Transcript) -> tuple[Exchange, ...]:
    out = left_out(transcript.exchanges)
    return tuple(each for each in transcript.exchanges if each.step not in out)
