"""Derives the shapes of responses from transcripts: fields with their types, headers, media type.

A shape belongs to an operation and a status, over all scenarios together. Only scenarios that both runs completed
count, without races, whose responses depend on timing; and of each, only the steps of both runs. So an additional poll,
or a token that only one run had, makes no difference.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from conformance.chapters.registry import every_scenario
from conformance.client.intermediary import NETWORK_STATUSES, THROTTLED
from conformance.comparison.value_format import Aspect, FormatCounts, format_counts
from conformance.contract.strict_json import NotStrictJson, parse
from conformance.exchange import Body, Exchange, Response, Transcript

IGNORED_HEADERS: Final = frozenset(
    {"age", "connection", "content-length", "date", "keep-alive", "server", "transfer-encoding", "via"}
)
"""Headers of connections, proxies and time: their presence says nothing about the API."""

IGNORED_STATUSES: Final = NETWORK_STATUSES | {THROTTLED}
"""Responses of a gateway or a rate limiter, which are not judged either."""

OPEN_FIELDS: Final = frozenset({"metadata"})
"""Objects with keys that users choose: only that they are objects is compared."""

ABSENT: Final = "absent"
"""Listed beside the JSON types if a field is missing in some of the objects."""

EMPTY: Final = "empty"
NOT_JSON: Final = "not-json"
UNREADABLE: Final = "unreadable"

Kind = tuple[str, int]
"""An operation and a status."""

_NUMBER: Final = re.compile(r"\.\d+$")
_RACES: Final = "races"


@dataclass(frozen=True, slots=True)
class Field:
    """All values at one place of a body: their types, and the format of ids and times."""

    types: frozenset[str]
    format_counts: Mapping[Aspect, FormatCounts]


@dataclass(frozen=True, slots=True)
class Shape:
    """All responses of one operation with one status. Fields are by JSON pointer; `*` stands for every element."""

    media_types: frozenset[str]
    headers: frozenset[str]
    fields: Mapping[str, Field]


def keep_common_steps(a: Transcript, b: Transcript) -> tuple[Transcript, Transcript]:
    """Return both without the steps that only one of them has, and without transport headers.

    Steps match regardless of a number at their end: how often a poll was repeated is not the server's response.
    """
    shared = _stems(a) & _stems(b)
    return _narrowed(a, shared), _narrowed(b, shared)


def shapes_of(pairs: Iterable[tuple[Transcript, Transcript]]) -> tuple[dict[Kind, Shape], dict[Kind, Shape]]:
    """Return the shapes of both sides, from the transcripts of scenarios in both runs."""
    sides: tuple[list[Exchange], list[Exchange]] = ([], [])
    for pair in pairs:
        if every_scenario()[pair[0].scenario].chapter != _RACES:
            for side, transcript in zip(sides, keep_common_steps(*pair), strict=True):
                side.extend(transcript.exchanges)
    return _shapes(sides[0]), _shapes(sides[1])


def parent_of(pointer: str) -> str:
    """Return the place of the object or array that contains a place."""
    return pointer.rpartition("/")[0]


def _stems(transcript: Transcript) -> set[str]:
    return {_stem(exchange.step) for exchange in transcript.exchanges}


def _stem(step: str) -> str:
    return _NUMBER.sub("", step)


def _narrowed(transcript: Transcript, stems: set[str]) -> Transcript:
    kept = tuple(_without_the_way(exchange) for exchange in transcript.exchanges if _stem(exchange.step) in stems)
    return replace(transcript, exchanges=kept)


def _without_the_way(exchange: Exchange) -> Exchange:
    response = exchange.response
    if response is None:
        return exchange
    kept = tuple(header for header in response.headers if header[0].lower() not in IGNORED_HEADERS)
    return replace(exchange, response=replace(response, headers=kept))


def _shapes(exchanges: Iterable[Exchange]) -> dict[Kind, Shape]:
    answers: dict[Kind, list[Response]] = defaultdict(list)
    for exchange in exchanges:
        response = exchange.response
        if exchange.outcome == "ok" and response is not None and response.status not in IGNORED_STATUSES:
            answers[exchange.operation, response.status].append(response)
    return {kind: _shape(responses) for kind, responses in sorted(answers.items())}


def _shape(responses: list[Response]) -> Shape:
    return Shape(
        media_types=frozenset(_media_type(response) for response in responses),
        headers=frozenset(name.lower() for response in responses for name, _ in response.headers),
        fields=_fields(value for response in responses for value in _values(response.body)),
    )


def _media_type(response: Response) -> str:
    return (response.header("content-type") or "").partition(";")[0].strip().lower()


_Value = tuple[str, str, str, str | None]
"""Place, name of the field, type, and the text of a string."""


def _values(body: Body) -> Iterator[_Value]:
    """Yield every value in a body; if it is not JSON, its kind. `null` is an empty poll, which has no shape."""
    if body.problem is not None:
        yield "", "", UNREADABLE, None
    elif not body.text:
        yield "", "", EMPTY, None
    else:
        try:
            value = parse(body.text)
        except NotStrictJson:
            yield "", "", NOT_JSON, None
            return
        if value is not None:
            yield from _walk(value, "", "")


def _walk(value: Any, pointer: str, name: str) -> Iterator[_Value]:
    yield pointer, name, _type(value), value if isinstance(value, str) else None
    if isinstance(value, dict) and name not in OPEN_FIELDS:
        for key, entry in value.items():
            yield from _walk(entry, f"{pointer}/{_escaped(key)}", key)
    elif isinstance(value, list):
        for entry in value:
            yield from _walk(entry, f"{pointer}/*", name)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _type(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case int() | float():
            return "number"
        case list():
            return "array"
        case _:
            return "object"


def _fields(values: Iterable[_Value]) -> dict[str, Field]:
    types: dict[str, Counter[str]] = defaultdict(Counter)
    texts: dict[str, list[str]] = defaultdict(list)
    names: dict[str, str] = {}
    for pointer, name, kind, text in values:
        types[pointer][kind] += 1
        names[pointer] = name
        if text is not None:
            texts[pointer].append(text)
    return {
        pointer: Field(
            types=frozenset(found) | ({ABSENT} if _sometimes_absent(pointer, types) else frozenset()),
            format_counts=format_counts(names[pointer], texts[pointer]) if pointer in texts else {},
        )
        for pointer, found in types.items()
    }


def _sometimes_absent(pointer: str, types: Mapping[str, Counter[str]]) -> bool:
    """Return whether more objects could contain the field than do."""
    if not pointer or pointer.endswith("/*"):
        return False
    return sum(types[pointer].values()) < types[parent_of(pointer)]["object"]
