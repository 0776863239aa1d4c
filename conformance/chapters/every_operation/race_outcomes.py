"""What the races of the operations besides ack have in common: expectations of a burst, and how its outcomes are counted.

A lost response is an outcome too: the operation may have happened.
"""

from __future__ import annotations

from collections.abc import Iterable

from conformance.contract.operations import OPERATIONS, OperationName
from conformance.scenario.expectations import AllowedResponse, Expectation
from conformance.scenario.transcript_view import CannotJudge, TranscriptView
from conformance.text import Text

SUCCESS = AllowedResponse(200)


def in_race(requirement: str, operation: OperationName, steps: Iterable[str], *refusals: int) -> dict[str, Expectation]:
    """Return the expectations of requests of a burst: 200, or one of the operation's documented refusals.

    For a poll also 204, which fails `poll.empty.null` alone.
    """
    errors = OPERATIONS[operation].errors
    empty = (AllowedResponse(204),) if operation == "poll" else ()
    allowed = (SUCCESS, *empty, *(AllowedResponse(status, errors[status]) for status in refusals))
    return {step: Expectation(requirement, allowed, race=True, operation=operation) for step in steps}


def succeeded(view: TranscriptView, steps: Iterable[str]) -> list[str]:
    """Return the steps that got 200."""
    return [step for step in steps if not view.is_response_lost(step) and view.response(step).status == 200]


def any_lost(view: TranscriptView, steps: Iterable[str]) -> bool:
    """Return whether a response was lost, so that its operation may have happened."""
    return any(view.is_response_lost(step) for step in steps)


def require_success_of(view: TranscriptView, step: str) -> None:
    """Check that the other operation of a race succeeded.

    Raises:
        CannotJudge: it did not, or its response was lost.
    """
    if view.response(step).status != 200:
        raise CannotJudge(
            Text("`{step}` returned HTTP {status}", "步骤 `{step}` 返回了 HTTP {status}").format(
                step=step, status=view.response(step).status
            )
        )
