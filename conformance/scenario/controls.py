"""Controls: the plain case beside a variation, asked for where the variation went otherwise than it must.

A variation (another spelling of a header, a JSON body, a near miss) says something of its own only where the plain
case gets another response. A control changes nothing that a check has judged before: it comes last.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from conformance.arrange.responses import CannotArrange, NotExercised, NoUsableResponse, PreconditionNotMet
from conformance.exchange import Exchange, Response
from conformance.scenario.expectations import CaseExpectations, Expectation

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext


async def send_controls(scenario: CaseExpectations, stage: ScenarioContext) -> None:
    """Send each plain case that is needed, once. What cannot be had is left out: then there is nothing to compare."""
    sent = {exchange.step: exchange for exchange in stage.exchanges}
    for step, control in scenario.controls.items():
        expectation, exchange = scenario.expectations.get(step), sent.get(step)
        if control.step in sent:
            continue
        needed = expectation is not None and exchange is not None and is_unexpected(expectation, exchange)
        if needed or control.always:
            with contextlib.suppress(NoUsableResponse, CannotArrange, NotExercised, PreconditionNotMet):
                await control.send(stage, control.step)
            sent = {exchange.step: exchange for exchange in stage.exchanges}


def is_unexpected(expectation: Expectation, exchange: Exchange) -> bool:
    """Whether an ack got a response, and not the one that it must get: another status, another error type or another state."""
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
    """Whether two acks got the same response, as far as a requirement on it goes."""
    if one.response is None or other.response is None or {one.outcome, other.outcome} != {"ok"}:
        return False
    return one.response.status == other.response.status and _says(one.response) == _says(other.response)


def owner_was_accepted(refusal: Expectation, exchange: Exchange) -> bool | None:
    """Whether the owning worker's ack was treated otherwise than one that must be refused; None where nothing is known.

    Against a 409 only an acceptance counts; against another refusal, any status that is none of its own.
    """
    response = exchange.response
    if exchange.outcome != "ok" or response is None:
        return None
    if 200 <= response.status < 300:
        return True
    statuses = {answer.status for answer in refusal.allowed}
    return 409 not in statuses and response.status not in statuses


def _says(response: Response) -> tuple[str | None, str | None]:
    """`error.type` and `state` of a body, each None where it has none that can be read."""
    body = response.json()
    if not isinstance(body, dict):
        return None, None
    error = body.get("error")
    return _text(error.get("type") if isinstance(error, dict) else None), _text(body.get("state"))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
