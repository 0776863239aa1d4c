"""Controls: the plain case beside a variation, sent if the variation had an unexpected response.

A variation (another spelling of a header, a JSON body, a similar but wrong id) is meaningful only if the plain case
gets another response. Controls come last, so they change nothing that a check has judged.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from conformance.arrange.responses import CannotArrange, NotSupported, NoUsableResponse, PreconditionNotMet
from conformance.exchange import Exchange, Response
from conformance.scenario.expectations import CaseExpectations, Expectation

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext


async def send_controls(scenario: CaseExpectations, stage: ScenarioContext) -> None:
    """Send each required plain case once. One that cannot be prepared is left out: there is nothing to compare."""
    sent = {exchange.step: exchange for exchange in stage.exchanges}
    for step, control in scenario.controls.items():
        expectation, exchange = scenario.expectations.get(step), sent.get(step)
        if control.step in sent:
            continue
        needed = expectation is not None and exchange is not None and is_unexpected(expectation, exchange)
        if needed or control.always:
            with contextlib.suppress(NoUsableResponse, CannotArrange, NotSupported, PreconditionNotMet):
                await control.send(stage, control.step)
            sent = {exchange.step: exchange for exchange in stage.exchanges}


def is_unexpected(expectation: Expectation, exchange: Exchange) -> bool:
    """Return whether an ack got a response with an unexpected status, error type or state."""
    response = exchange.response
    if exchange.outcome != "ok" or response is None:
        return False
    error_type, state = _says(response)
    for answer in expectation.allowed:
        if answer.status == response.status:
            return (answer.error_type is not None and error_type not in {None, answer.error_type}) or (
                answer.state is not None and state not in {None, answer.state}
            )
    return True


def same_outcome(one: Exchange, other: Exchange) -> bool:
    """Return whether two acks got the same response, as far as requirements on acks are concerned."""
    if one.response is None or other.response is None or {one.outcome, other.outcome} != {"ok"}:
        return False
    return one.response.status == other.response.status and _says(one.response) == _says(other.response)


def owner_was_accepted(refusal: Expectation, exchange: Exchange) -> bool | None:
    """Return whether the owning worker's ack had another outcome than one that must be refused; None if unknown.

    Compared with a 409, only an acceptance counts; with another refusal, any status that is not allowed for it.
    """
    response = exchange.response
    if exchange.outcome != "ok" or response is None:
        return None
    if 200 <= response.status < 300:
        return True
    statuses = {answer.status for answer in refusal.allowed}
    return 409 not in statuses and response.status not in statuses


def _says(response: Response) -> tuple[str | None, str | None]:
    """Return `error.type` and `state` of a body; None for each that is missing or unreadable."""
    body = response.json()
    if not isinstance(body, dict):
        return None, None
    error = body.get("error")
    return _text(error.get("type") if isinstance(error, dict) else None), _text(body.get("state"))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
