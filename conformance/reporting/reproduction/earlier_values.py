"""Finds the earlier responses from which the requests of a scenario take their values, such as cursors and timestamps.

Ids have variables of their own. Every other value that the target made up, and not the suite, is taken from the response
in which the script sees it: that of the run would be stale.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from conformance.contract.work_item import instant_of
from conformance.exchange import Exchange
from conformance.judging.request_variables import object_in, request_object
from conformance.reporting.reproduction.raw_json import values_by_pointer

_CURSOR: Final = "CURSOR"
_HEARTBEAT: Final = "LAST_HEARTBEAT"
_OTHER: Final = "VALUE"

_FIELDS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "page": (_CURSOR, ("next_page", "last_id")),
    "after_id": (_CURSOR, ("last_id", "next_page")),
    "before_id": (_CURSOR, ("first_id",)),
    "expected_last_heartbeat": (_HEARTBEAT, ("last_heartbeat", "latest_heartbeat_at")),
}
"""The variable of a query parameter, and the fields of earlier responses that fill it, the nearest response first."""

_SHORTEST: Final = 6
"""The shortest value that is looked for in earlier responses: a shorter one could be there by chance."""
_LATER: Final = datetime.timedelta(hours=1)
_PLAIN: Final = re.compile(r'[^"\\\x00-\x1f\x7f]+')


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from. `ends`: if the response has no such value now, the walk through the pages is over.

    `later`: the value is the one an hour after it.
    """

    step: str
    pointer: str
    variable: str
    ends: bool = False
    later: bool = False


@dataclass(slots=True)
class EarlierValues:
    """The sources of the values in requests, by the step of the request and the value."""

    sources: dict[tuple[str, str], Source] = field(default_factory=dict)

    def of(self, step: str, value: str) -> Source | None:
        """Return the source of a value in the request of a step, or None."""
        return self.sources.get((step, value))

    def used_in(self, step: str) -> list[tuple[str, Source]]:
        """Return the values in the request of a step with their sources."""
        return [(value, source) for (user, value), source in self.sources.items() if user == step]

    def keep_users(self, steps: Collection[str]) -> None:
        """Forget the requests of all other steps."""
        self.sources = {key: source for key, source in self.sources.items() if key[0] in steps}

    def from_step(self, step: str) -> list[Source]:
        """Return what later requests take from the response of a step, each variable once."""
        found = {each.variable: each for each in self.sources.values() if each.step == step}
        return list(found.values())

    def cursors_of(self, step: str) -> list[str]:
        """Return the variables of the cursors in the request of a step that may be missing."""
        return [source.variable for _, source in self.used_in(step) if source.ends]


def earlier_values(exchanges: Sequence[Exchange], ids: Mapping[str, str]) -> EarlierValues:
    """Return the sources of all values that the target made up; those of `ids` only if a parameter names their field."""
    found, names = EarlierValues(), dict[tuple[str, str], str]()
    for place, exchange in enumerate(exchanges):
        earlier = [each for each in exchanges[:place] if each.completed <= exchange.invoked]
        for parameter, value in _values_of_request(exchange):
            name, fields = _FIELDS.get(parameter, (_OTHER, ()))
            origin, later = _named_field(earlier, fields, value), False
            if origin is None and value not in ids:
                origin = _anywhere(earlier, value)
            if origin is None and name == _HEARTBEAT:
                origin, later = _hour_before(earlier, value), True
            if origin is not None:
                response, pointer = origin
                names.setdefault((response.step, pointer), _numbered(name, names.values()))
                found.sources[exchange.step, value] = Source(
                    response.step,
                    pointer,
                    names[response.step, pointer],
                    ends=name == _CURSOR and object_in(response).get("has_more") is True,
                    later=later,
                )
    return found


def _numbered(name: str, taken: Iterable[str]) -> str:
    number = sum(each.startswith(name) for each in taken) + 1
    return name if number == 1 else f"{name}_{number}"


def _values_of_request(exchange: Exchange) -> Iterator[tuple[str, str]]:
    """Yield parameter and value of the query, and the strings of the body, whose parameter is empty."""
    yield from parse_qsl(urlsplit(exchange.request.url).query, keep_blank_values=True)
    yield from (("", each) for each in _strings(request_object(exchange)))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _strings(each)


def _named_field(earlier: Sequence[Exchange], fields: Sequence[str], value: str) -> tuple[Exchange, str] | None:
    for exchange in reversed(earlier):
        shown = object_in(exchange)
        for name in fields:
            if shown.get(name) == value and _PLAIN.fullmatch(value):
                return exchange, f"/{name}"
    return None


def _anywhere(earlier: Sequence[Exchange], value: str) -> tuple[Exchange, str] | None:
    """Return the first response that has this string; None if it is too short, or a request had it before."""
    if len(value) < _SHORTEST or not _PLAIN.fullmatch(value):
        return None
    token = json.dumps(value, ensure_ascii=False)
    for exchange in earlier:
        if value in {each for _, each in _values_of_request(exchange)}:
            return None
        for pointer, found in values_by_pointer(_text(exchange)).items():
            if found == token:
                return exchange, pointer
    return None


def _hour_before(earlier: Sequence[Exchange], value: str) -> tuple[Exchange, str] | None:
    """Return the heartbeat one hour before this timestamp, to the second."""
    wanted = instant_of(value)
    for exchange in reversed(earlier):
        shown = object_in(exchange).get("last_heartbeat")
        moment = instant_of(shown)
        if wanted is not None and moment is not None and _PLAIN.fullmatch(str(shown)):
            seconds = wanted.nanoseconds // 10**9 - moment.nanoseconds // 10**9
            if seconds == _LATER.total_seconds():
                return exchange, "/last_heartbeat"
    return None


def _text(exchange: Exchange) -> str:
    return exchange.response.body.text if exchange.response is not None else ""
