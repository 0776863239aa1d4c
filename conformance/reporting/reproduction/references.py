"""Finds the value of another response that a failure compares a value with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from conformance.exchange import Exchange, Transcript
from conformance.judging.verdict import Failure
from conformance.reporting.reproduction.raw_json import shape, value_at, values_by_pointer
from conformance.reporting.reproduction.steps import left_out

LIKE: Final = re.compile(r", (?:as (?=in |poll |before |the last )|the `)")
"""Stands between the expected value and the response that shows it."""

TIMESTAMP: Final = re.compile(r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"')

_NAMED: Final = re.compile(r", (?:as in|the `(?P<field>[^`]+)` of) step `(?P<step>[^`]+)`$")
"""The end of an expectation that names the step with the expected value, and perhaps its field."""

_STRING: Final = re.compile(r'"[^"\\]*"')

_POLLED: Final = ", as poll returned it"


def compared_with(
    failure: Failure, exchange: Exchange, transcript: Transcript, pointer: str
) -> tuple[str, str, str] | None:
    """Return step, pointer and value of what the failure compares with; None if it compares with nothing."""
    expected = failure.expected.en
    named = _NAMED.search(expected)
    if named is not None and (other := transcript.find(named["step"])) is not None:
        place = f"/{named['field']}" if named["field"] else pointer
        return other.step, place, value_at(values_of(other), place)
    like, stamp = LIKE.search(expected), TIMESTAMP.search(expected)
    if like is not None:
        token = expected[: like.start()]
    elif stamp is not None:
        token = stamp.group()
    elif _STRING.fullmatch(expected) and shape(expected) != expected:
        token = expected  # an id of the run
    else:
        return None
    order = _nearest_first(failure, exchange, transcript)
    found = next(_equal(order, exchange, pointer, token), None)
    if found is not None or like is None:
        return found
    own = value_at(values_of(exchange), pointer)
    values = ((each.step, pointer, value_at(values_of(each), pointer)) for each in order)
    return next((each for each in values if each[2] not in {"", own}), None)


def values_of(exchange: Exchange) -> Mapping[str, str]:
    """Return the values of a JSON body by pointer."""
    return _parsed(exchange.response.body.text) if exchange.response is not None else {}


@lru_cache(maxsize=64)
def _parsed(text: str) -> Mapping[str, str]:
    return values_by_pointer(text)


def _nearest_first(failure: Failure, exchange: Exchange, transcript: Transcript) -> list[Exchange]:
    """Return the exchanges: the delivery if it is named, then earlier ones, this one, and later ones."""
    out = left_out(transcript.exchanges)
    kept = [each for each in transcript.exchanges if each.step not in out or each is exchange]
    place = kept.index(exchange)
    order = [*reversed(kept[:place]), exchange, *kept[place + 1 :]]
    delivery = transcript.facts.get("seen_by") if _POLLED in failure.expected.en else None
    return sorted(order, key=lambda each: each.step != delivery)


def _equal(order: list[Exchange], own: Exchange, pointer: str, token: str) -> Iterator[tuple[str, str, str]]:
    """Yield where the token is: at the same place before, elsewhere in the response, elsewhere before, and then later."""
    until = order.index(own)
    before, after = order[:until], order[until + 1 :]

    def places(exchanges: list[Exchange], *, same: bool) -> Iterator[tuple[str, str, str]]:
        for each in exchanges:
            for place, value in values_of(each).items():
                if value == token and (place == pointer) == same:
                    yield each.step, place, token

    yield from places(before, same=True)
    yield from places([own], same=False)
    yield from places(before, same=False)
    yield from places(after, same=True)
    yield from places(after, same=False)
