"""Authorization: valid credentials without permission to act on the item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
from conformance.scenario.transcript_view import TranscriptView
from conformance.text import Text

_FORBIDDEN: Final = (403, "permission_error")
_NOTHING: Final = Text("no details of the item", "不包含该 item 的任何内容")
_UNMISTAKABLE: Final = 12
_TELLING: Final = frozenset(FIELDS) - {"type", "id", "environment_id"}
"""Fields that would leak information. `type` is part of the envelope too, and the caller sent the two ids itself."""

_MISSING: Final = (404, "not_found_error")


def no_leak(view: TranscriptView) -> Iterator[Finding]:
    """Report every field of the item in the refusal, at any depth, and every value that the caller did not send."""
    response = view.expected_response("ack")
    polled = view.polled_item()
    whole = "\n".join([response.body.text, *(value for _, value in response.headers)])
    sent = _sent(view.exchange("ack").request)
    for name, value in _unmistakable(polled).items():
        if value in whole and value not in sent:
            yield Finding(step="ack", expected=_NOTHING, actual=Text("its {name}", "包含其 {name}").format(name=name))
    for pointer, value in _leaked(view.body("ack"), polled):
        yield Finding(step="ack", pointer=pointer, expected=_NOTHING, actual=schemas.display_value(value))


def leaking_places(view: TranscriptView) -> Iterator[str]:
    """Yield the JSON pointers of the texts in the refusal that contain a value of the item that the caller did not send.

    Raises:
        CannotJudge: the refusal or the item cannot be read.
    """
    sent = _sent(view.exchange("ack").request)
    secret = [value for value in _unmistakable(view.polled_item()).values() if value not in sent]
    for place, text in _texts(view.body("ack")):
        if any(value in text for value in secret):
            yield place


def _texts(body: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(body, str):
        yield path, body
    elif isinstance(body, Mapping):
        for name, value in body.items():
            yield from _texts(value, f"{path}/{pointer_step(name)}")
    elif isinstance(body, list):
        for number, value in enumerate(body):
            yield from _texts(value, f"{path}/{number}")


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
            place = f"{path}/{name}"
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
                    "执行 ack，凭证：可以查看该环境但无权操作其 work 的 token",
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
                state, Text("An ack with another tenant's token", "执行 ack，凭证：其他租户的 token")
            ),
            expectation=refusal("ack.authz.foreign", _FORBIDDEN, _MISSING),
            attempt=ack_with(lambda stage: bad_credentials.bearer(stage.optional_pat("foreign"))),
            transitions=transitions,
            token="foreign",  # noqa: S106 - the name of the credential, not the credential
        ).with_checks(Check("ack.authz.foreign-no-leak", no_leak))
