"""Leaks: a refusal that contains something of the work that it refuses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from conformance.arrange.resource_names import SUITE_METADATA
from conformance.contract import schemas
from conformance.contract.json_pointer import pointer_step
from conformance.contract.work_item import FIELDS
from conformance.exchange import Request
from conformance.scenario.model import CheckFunction, Finding
from conformance.scenario.transcript_view import CannotJudge, TranscriptView
from conformance.text import Text

_NOTHING: Final = Text("no details of the item", "不包含该 item 的任何内容")
_CONTAINS: Final = Text("a text with the item's `{name}`", "含有该 item 的 `{name}` 的文本")
_UNMISTAKABLE: Final = 12
_TELLING: Final = frozenset(FIELDS) - {"type", "id", "environment_id"}
"""Fields that would leak information. `type` is part of the envelope too, and the caller sent the two ids itself."""


_NO_WORK: Final = Text("nothing about the work of the environment", "不包含该环境中 work 的任何内容")
_ID: Final = re.compile(r"\b(?:work|sess)_(?=[A-Za-z]*[0-9])[A-Za-z0-9]{12,}\b")
"""The id of a work item or a session: its documented prefix, and a part with a digit that no word has."""

_COUNTS: Final = frozenset({"depth", "pending", "oldest_queued_at", "workers_polling"})
"""The fields of queue stats. The envelope has none of these names."""


def no_leak(step: str) -> CheckFunction:
    """Return a check that a refusal has no field of the item, at any depth, and no value that the caller did not send."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        response = view.expected_response(step)
        polled = view.polled_item()
        try:
            body = view.body(step)
        except CannotJudge:
            yield from _values_in([("", response.body.text), *response.headers], view, step)
            raise
        fields = dict(_leaked(body, polled))
        for pointer, value in fields.items():
            yield Finding(step=step, pointer=pointer, expected=_NOTHING, actual=schemas.display_value(value))
        texts = [(place, text) for place, text in _texts(body) if not _is_below(place, fields)]
        yield from _values_in([*texts, *response.headers], view, step)

    return judge


def no_work_named(step: str) -> CheckFunction:
    """Return a check that a refusal names no work item or session that the caller did not, and has no queue stats.

    For operations whose path names no item: nobody knows which one such a refusal would leak.
    """

    def judge(view: TranscriptView) -> Iterator[Finding]:
        response = view.expected_response(step)
        sent = _sent(view.exchange(step).request)
        try:
            body = view.body(step)
        except CannotJudge:
            yield from _ids_in([("", response.body.text), *response.headers], sent, step)
            raise
        for place, value in _counts_in(body):
            yield Finding(step=step, pointer=place, expected=_NO_WORK, actual=schemas.display_value(value))
        yield from _ids_in([*_texts(body), *response.headers], sent, step)

    return judge


def _ids_in(texts: Iterable[tuple[str, str]], sent: str, step: str) -> Iterator[Finding]:
    for place, text in texts:
        found = next((each for each in _ID.findall(text) if each not in sent), None)
        if found is not None:
            yield Finding(step=step, pointer=place, expected=_NO_WORK, actual=schemas.display_value(found))


def _counts_in(body: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the fields of queue stats that have a value, at any depth, each with its JSON pointer."""
    members = body.items() if isinstance(body, Mapping) else enumerate(body) if isinstance(body, list) else ()
    for name, value in members:
        place = f"{path}/{pointer_step(str(name))}"
        if name in _COUNTS and value is not None:
            yield place, value
        else:
            yield from _counts_in(value, place)


def _values_in(texts: Sequence[tuple[str, str]], view: TranscriptView, step: str) -> Iterator[Finding]:
    """Report every unmistakable value of the item that is in one of the texts, which are given with their places."""
    sent = _sent(view.exchange(step).request)
    for name, value in _unmistakable(view.polled_item()).items():
        for place, text in texts if value not in sent else ():
            if value in text:
                yield Finding(step=step, pointer=place, expected=_NOTHING, actual=_CONTAINS.format(name=name))


def _texts(body: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the names and texts of the body, at any depth, each with its JSON pointer."""
    if isinstance(body, str):
        yield path, body
    elif isinstance(body, Mapping):
        for name, value in body.items():
            place = f"{path}/{pointer_step(name)}"
            yield place, name
            yield from _texts(value, place)
    elif isinstance(body, list):
        for number, value in enumerate(body):
            yield from _texts(value, f"{path}/{number}")


def _is_below(place: str, pointers: Iterable[str]) -> bool:
    return any(place == pointer or place.startswith(f"{pointer}/") for pointer in pointers)


def _sent(request: Request) -> str:
    """Return everything that the caller sent; its User-Agent contains the suite's name."""
    return "\n".join([request.url, request.body or "", *(value for _, value in request.headers), SUITE_METADATA])


def _unmistakable(polled: Mapping[str, Any]) -> dict[str, str]:
    """Return values of the item that can only appear in a response through a leak."""
    data, metadata = polled.get("data"), polled.get("metadata")
    values = {"data.id": data.get("id") if isinstance(data, Mapping) else None}
    if isinstance(metadata, Mapping):
        values |= {f"metadata.{name}": value for name, value in metadata.items()}
    return {name: v for name, v in values.items() if isinstance(v, str) and len(v) >= _UNMISTAKABLE}


def _leaked(body: Any, polled: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield members of the body, at any depth, with the same name and value as a field of the item."""
    if isinstance(body, Mapping):
        for name, value in body.items():
            place = f"{path}/{pointer_step(name)}"
            if name in _TELLING and value and value == polled.get(name):
                yield place, value
            else:
                yield from _leaked(value, polled, place)
    elif isinstance(body, list):
        for number, value in enumerate(body):
            yield from _leaked(value, polled, f"{path}/{number}")
