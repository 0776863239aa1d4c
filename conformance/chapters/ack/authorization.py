"""Authorization: valid credentials without permission to act on the item."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from conformance.arrange.item_spec import LIVE_STATES
from conformance.arrange.resource_names import SUITE_METADATA
from conformance.chapters.ack.authentication import ack_with
from conformance.chapters.ack.no_side_effects import refusal_case
from conformance.chapters.ack.scenario_names import scenario_id_in_state, scenario_title_in_state
from conformance.client import bad_credentials
from conformance.contract import schemas
from conformance.contract.json_pointer import pointer_step
from conformance.contract.work_item import FIELDS
from conformance.exchange import Request
from conformance.scenario.expectations import refusal
from conformance.scenario.model import Check, Finding, Scenario
from conformance.scenario.transcript_view import CannotJudge, TranscriptView
from conformance.text import Text

_FORBIDDEN: Final = (403, "permission_error")
_NOTHING: Final = Text("no details of the item", "不包含该 item 的任何内容")
_CONTAINS: Final = Text("a text with the item's `{name}`", "含有该 item 的 `{name}` 的文本")
_UNMISTAKABLE: Final = 12
_TELLING: Final = frozenset(FIELDS) - {"type", "id", "environment_id"}
"""Fields that would leak information. `type` is part of the envelope too, and the caller sent the two ids itself."""

_MISSING: Final = (404, "not_found_error")


def no_leak(view: TranscriptView) -> Iterator[Finding]:
    """Report every field of the item in the refusal, at any depth, and every value that the caller did not send."""
    response = view.expected_response("ack")
    polled = view.polled_item()
    try:
        body = view.body("ack")
    except CannotJudge:
        yield from _values_in([("", response.body.text), *response.headers], view)
        raise
    fields = dict(_leaked(body, polled))
    for pointer, value in fields.items():
        yield Finding(step="ack", pointer=pointer, expected=_NOTHING, actual=schemas.display_value(value))
    texts = [(place, text) for place, text in _texts(body) if not _is_below(place, fields)]
    yield from _values_in([*texts, *response.headers], view)


def _values_in(texts: Sequence[tuple[str, str]], view: TranscriptView) -> Iterator[Finding]:
    """Report every unmistakable value of the item that is in one of the texts, which are given with their places."""
    sent = _sent(view.exchange("ack").request)
    for name, value in _unmistakable(view.polled_item()).items():
        for place, text in texts if value not in sent else ():
            if value in text:
                yield Finding(step="ack", pointer=place, expected=_NOTHING, actual=_CONTAINS.format(name=name))


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


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios: a token without permission, and another tenant's, in each state in which an ack can succeed.

    Some servers answer a retried ack before they check who sent it.
    """
    for state, transitions in LIVE_STATES.items():
        yield refusal_case(
            scenario_id_in_state(state, "authz.forbidden"),
            chapter="authorization",
            title=scenario_title_in_state(
                state,
                Text(
                    "An ack with a token that may see the environment but not act on its work",
                    "执行 ack，携带可以查看该环境但无权操作其 work 的 token",
                ),
            ),
            expectation=refusal("ack.authz.forbidden", _FORBIDDEN),
            attempt=ack_with(lambda stage: bad_credentials.bearer(stage.optional_pat("forbidden"))),
            transitions=transitions,
            token="forbidden",  # noqa: S106 - the name of the credential, not the credential
        )
    for state, transitions in LIVE_STATES.items():
        yield refusal_case(
            scenario_id_in_state(state, "authz.foreign"),
            chapter="authorization",
            title=scenario_title_in_state(
                state, Text("An ack with another tenant's token", "执行 ack，携带其他租户的 token")
            ),
            expectation=refusal("ack.authz.foreign", _FORBIDDEN, _MISSING),
            attempt=ack_with(lambda stage: bad_credentials.bearer(stage.optional_pat("foreign"))),
            transitions=transitions,
            token="foreign",  # noqa: S106 - the name of the credential, not the credential
        ).with_checks(Check("ack.authz.foreign-no-leak", no_leak))
