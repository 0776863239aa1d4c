"""Authorization: valid credentials that may not act on the item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.chapters.authentication import ack_with
from conformance.chapters.refusal_effects import refusal_case
from conformance.client import tokens
from conformance.contract import schemas
from conformance.contract.work_item import FIELDS
from conformance.scenario.model import Check, Finding, Scenario, refusal
from conformance.scenario.view import View
from conformance.text import Text

_FORBIDDEN: Final = (403, "permission_error")
_MISSING: Final = (404, "not_found_error")


def no_leak(view: View) -> Iterator[Finding]:
    """No field of the item stands in the refusal, and neither does its session's id, which the caller never sent."""
    response = view.answered_as_expected("ack")
    polled = view.polled()
    data = polled.get("data")
    session = data.get("id") if isinstance(data, Mapping) else None
    hidden = Text("nothing of the item", "不包含该 item 的任何内容")
    if isinstance(session, str) and session and session in response.body.text:
        yield Finding(step="ack", expected=hidden, actual=Text("the id of its session", "包含其 session 的 id"))
    for pointer, value in _leaked(view.body("ack"), polled):
        yield Finding(step="ack", pointer=pointer, expected=hidden, actual=schemas.shown(value))


def _leaked(body: Any, polled: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Fields of the envelope or of its error that have both the name and the value of a field of the item."""
    for path, place in (("", body), ("/error", body.get("error") if isinstance(body, Mapping) else None)):
        if isinstance(place, Mapping):
            for name in FIELDS:
                if name != "type" and place.get(name) is not None and place[name] == polled.get(name):
                    yield f"{path}/{name}", place[name]


def scenarios() -> Iterator[Scenario]:
    """A token without the right, and another tenant's."""
    yield refusal_case(
        "authz.forbidden",
        chapter="authorization",
        title=Text(
            "An ack with a token that may see the environment but not act on its work",
            "ack：可查看该环境但无权操作其 work 的 token",
        ),
        expectation=refusal("ack.authz.forbidden", _FORBIDDEN),
        attempt=ack_with(lambda stage: tokens.bearer(stage.token("forbidden"))),
        token="forbidden",  # noqa: S106 - the name of the credential, not the credential
    )
    yield refusal_case(
        "authz.foreign",
        chapter="authorization",
        title=Text("An ack with another tenant's token", "ack：其他租户的 token"),
        expectation=refusal("ack.authz.foreign", _FORBIDDEN, _MISSING),
        attempt=ack_with(lambda stage: tokens.bearer(stage.token("foreign"))),
        token="foreign",  # noqa: S106 - the name of the credential, not the credential
    ).with_checks(Check("ack.authz.foreign-no-leak", no_leak))
