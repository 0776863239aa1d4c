"""Checks on single fields of responses, and on a field in two responses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from conformance.chapters.every_operation.item_differences import field_value
from conformance.contract.schemas import display_value
from conformance.contract.work_item import MISSING, differences, instant_of
from conformance.scenario.model import CheckFunction, Finding
from conformance.scenario.transcript_view import Blocked, CannotJudge, TranscriptView
from conformance.text import Text

TIMESTAMP: Final = Text("a timestamp", "时间戳")
NULL: Final = Text("null", "null")


def object_of_step(view: TranscriptView, step: str) -> dict[str, Any]:
    """Return the JSON object of a judged step, or the item of another step; errors as in `TranscriptView`."""
    return view.expected_object(step) if step in view.scenario.expectations else view.item(step)


def field_is(step: str, field: str, accepts: Callable[[Any], bool], expected: Text) -> CheckFunction:
    """Return a check that a field of the response to a step is accepted."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        value = object_of_step(view, step).get(field, MISSING)
        if not accepts(value):
            yield Finding(step=step, pointer=f"/{field}", expected=expected, actual=field_value(value))

    return judge


def in_expected_state(step: str, check: CheckFunction) -> CheckFunction:
    """Return a check that is blocked where the response to a step shows another state than its requirement says."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        expectation = view.scenario.expectations[step]
        state = view.expected_object(step).get("state")
        if state not in {answer.state for answer in expectation.allowed}:
            reason = Text("`{step}` returned another state", "步骤 `{step}` 返回了另一个状态").format(step=step)
            raise Blocked(expectation.requirement, reason)
        yield from check(view)

    return judge


def field_equals(step: str, field: str, value: Any) -> CheckFunction:
    """Return a check that a field of the response to a step has this JSON value."""
    return field_is(step, field, lambda found: found == value and type(found) is type(value), display_value(value))


def is_timestamp(value: Any) -> bool:
    """Return whether a value is a timestamp."""
    return instant_of(value) is not None


def is_null(value: Any) -> bool:
    """Return whether a value is null."""
    return value is None


def fields_kept(before: str, after: str, *fields: str) -> CheckFunction:
    """Return a check that the item of a later step has the same values as that of an earlier one.

    Timestamps are compared as instants.
    """

    def judge(view: TranscriptView) -> Iterator[Finding]:
        earlier, later = object_of_step(view, before), object_of_step(view, after)
        for difference in differences(earlier, later, fields):
            expected = Text("{value}, as in step `{step}`", "{value}，与步骤 `{step}` 一致")
            yield Finding(
                step=after,
                pointer=f"/{difference.field}",
                expected=expected.format(value=field_value(difference.before), step=before),
                actual=field_value(difference.after),
            )

    return judge


def same_moment(step: str, field: str, other_step: str, other_field: str) -> CheckFunction:
    """Return a check that a timestamp of one response is the moment that another response shows."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        value, wanted = object_of_step(view, step).get(field), object_of_step(view, other_step).get(other_field)
        if instant_of(wanted) is None:
            raise CannotJudge(
                Text("`{field}` of `{step}` is no timestamp", "步骤 `{step}` 的 `{field}` 不是时间戳").format(
                    field=other_field, step=other_step
                )
            )
        if differences({"created_at": value}, {"created_at": wanted}, ("created_at",)):
            expected = Text("{value}, the `{field}` of step `{step}`", "{value}，即步骤 `{step}` 的 `{field}`")
            yield Finding(
                step=step,
                pointer=f"/{field}",
                expected=expected.format(value=display_value(wanted), field=other_field, step=other_step),
                actual=display_value(value),
            )

    return judge
