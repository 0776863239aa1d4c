"""Judges a response: its status, `error.type` and state. Every scenario uses these checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.contract.operations import OperationName
from conformance.contract.schemas import display_value
from conformance.exchange import Response
from conformance.scenario.expectations import AllowedResponse, CaseExpectations, Expectation
from conformance.scenario.model import Check, Finding, Scenario
from conformance.scenario.transcript_view import LEASE_GAP, Blocked, CannotJudge, NotExercised, TranscriptView
from conformance.text import Text

_NONE_SUCH: Final = {
    True: Text(
        "no {operation} of this scenario got a successful response, so there was none to check",
        "该场景中没有 {operation} 得到成功响应，因此无可检查",
    ),
    False: Text(
        "no {operation} of this scenario got an error response, so there was none to check",
        "该场景中没有 {operation} 得到错误响应，因此无可检查",
    ),
}


def response_checks(scenario: Scenario) -> Iterator[Check]:
    """Yield one check for each requirement that a request of this scenario tests."""
    for requirement in dict.fromkeys(expectation.requirement for expectation in scenario.expectations.values()):
        yield Check(requirement, _judge_answers(requirement))


def judgeable_steps(view: TranscriptView, operation: OperationName, *, success: bool) -> Iterator[str]:
    """Yield the steps of an operation that correctly succeeded, or were correctly refused: their bodies can be judged.

    Raises, after the last of them:
        Blocked: another such request of this scenario had a wrong status, which is another requirement's failure.
        NotExercised: there was no such request.
    """
    reasons: list[CannotJudge] = []
    found = False
    for step, _ in view.judged_steps(operation, success=success):
        try:
            response = view.expected_response(step)
        except CannotJudge as reason:
            reasons.append(reason)
        else:
            if response.status == 200 if success else response.status >= 400:
                found = True
                yield step
    hard = [reason for reason in reasons if not isinstance(reason, NotExercised)]
    if hard:
        raise hard[0]
    if not found:
        raise reasons[0] if reasons else NotExercised(_NONE_SUCH[success].format(operation=operation))


def _judge_answers(requirement: str) -> Any:
    def judge(view: TranscriptView) -> Iterator[Finding]:
        judged = False
        for step, expectation in view.scenario.expectations.items():
            if expectation.requirement == requirement and not view.is_omitted(step):
                judged = True
                yield from _judge_answer(view, step, expectation)
        if not judged:
            raise NotExercised(Text("the scenario did not need this request", "无需发送这样的请求"))

    return judge


def _judge_answer(view: TranscriptView, step: str, expectation: Expectation) -> Iterator[Finding]:
    if expectation.depends_on is not None:
        view.expected_response(expectation.depends_on)
    response = view.response(step)
    view.require_unlike_control(step)
    answer = next((answer for answer in expectation.allowed if answer.status == response.status), None)
    if answer is None:
        _excuse_lapsed_lease(view, step, response)
        yield Finding(
            step=step,
            expected=_expected(view, expectation),
            actual=_describe(view, step, response),
            blamed=_earlier_refusal(view.scenario, expectation),
        )
    elif answer.error_type is not None:
        yield from _judge_error_type(view, step, answer)
        view.require_meaningful_refusal(step)
    elif answer.nothing:
        if view.body(step) is not None:
            yield Finding(step=step, expected=answer.describe(), actual=display_value(view.body(step)))
    elif answer.state is not None:
        yield from _judge_state(view, step, answer)


def _expected(view: TranscriptView, expectation: Expectation) -> Text:
    """Return every alternative, with the values that the expectation rests on, if it names them."""
    words = expectation.describe()
    if expectation.because is None:
        return words
    try:
        reason = expectation.because(view)
    except CannotJudge:
        return words
    return Text("{words}, because {reason}", "{words}，因为{reason}").format(words=words, reason=reason)


def _earlier_refusal(scenario: CaseExpectations, expectation: Expectation) -> tuple[str, ...]:
    """Return the step of the ack whose refusal must not have changed this response; empty if there is none."""
    earlier = scenario.expectations[expectation.depends_on] if expectation.depends_on is not None else None
    if expectation.depends_on is None or earlier is None or any(each.status == 200 for each in earlier.allowed):
        return ()
    return (expectation.depends_on,)


def _judge_error_type(view: TranscriptView, step: str, answer: AllowedResponse) -> Iterator[Finding]:
    found = error_type_of(view.body(step))
    if found is None:
        raise Blocked(
            f"{view.operation(step)}.envelope.schema-en",
            Text("the response has no readable `error.type`", "响应中没有可读的 `error.type`"),
        )
    if found != answer.error_type:
        yield Finding(step=step, pointer="/error/type", expected=answer.describe(), actual=display_value(found))


def _judge_state(view: TranscriptView, step: str, answer: AllowedResponse) -> Iterator[Finding]:
    found = view.expected_object(step).get("state")
    if not isinstance(found, str):
        raise Blocked(
            f"{view.operation(step)}.answer.schema-en",
            Text("the response has no readable `state`", "响应中没有可读的 `state`"),
        )
    if found != answer.state:
        _excuse_lapsed_lease(view, step, view.response(step))
        yield Finding(step=step, pointer="/state", expected=answer.describe(), actual=display_value(found))


def error_type_of(body: Any) -> str | None:
    """Return `error.type` of an envelope, or None."""
    error = body.get("error") if isinstance(body, dict) else None
    found = error.get("type") if isinstance(error, dict) else None
    return found if isinstance(found, str) else None


def _describe(view: TranscriptView, step: str, response: Response) -> Text:
    words = Text(f"HTTP {response.status}", f"HTTP {response.status}")
    try:
        body = view.body(step)
    except CannotJudge:
        body = None  # a redirect rarely has a readable one
    kind = error_type_of(body)
    state = body.get("state") if isinstance(body, dict) else None
    if kind is not None:
        return Text("{words} with error.type {kind}", "{words}，error.type 为 {kind}").format(
            words=words, kind=display_value(kind)
        )
    if isinstance(state, str):
        return Text("{words} with state {state}", "{words}，state 为 {state}").format(
            words=words, state=display_value(state)
        )
    location = response.header("location")
    if 300 <= response.status < 400 and location is not None:
        return Text(
            "{words}, a redirect to {location} that was not followed", "{words}，重定向到 {location}（未跟随）"
        ).format(words=words, location=display_value(location))
    return words


def _excuse_lapsed_lease(view: TranscriptView, step: str, response: Response) -> None:
    """Refuse to judge where a lease may have expired: a live item may then change by itself, as leases are undocumented.

    Raises:
        CannotJudge: the lease may have expired before this step.
    """
    before = view.transcript.find("before")
    if before is None or before.response is None or response.status not in {200, 409}:
        return
    live = view.item("before").get("state") in {"starting", "active"}
    if live and view.seconds_between("before", step) > LEASE_GAP:
        raise CannotJudge(
            Text(
                "more than {gap} s passed since the item was read, so its lease may have expired",
                "距上次读取该 item 已超过 {gap} 秒，其租约可能已到期",
            ).format(gap=f"{LEASE_GAP:g}")
        )
