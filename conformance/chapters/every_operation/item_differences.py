"""Findings for fields of a work item that differ from what an earlier response showed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.contract import schemas
from conformance.contract.work_item import FIELDS, MISSING, Difference, differences
from conformance.scenario.model import CheckFunction, Finding
from conformance.scenario.transcript_view import LEASE_GAP, Blocked, CannotJudge, TranscriptView
from conformance.text import Text


def item_unchanged(refused: tuple[str, ...]) -> CheckFunction:
    """Return a check that a GET shows the same item before and after refused requests, given by their steps."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        yield from changes(view, refused, view.item("before"))

    return judge


def changes(view: TranscriptView, refused: tuple[str, ...], before: dict[str, Any]) -> Iterator[Finding]:
    """Yield what a GET after refused requests (the step `after`) shows otherwise than before them.

    Raises:
        CannotJudge: a request was not refused, or the item may have changed by itself.
    """
    for step in refused:
        view.expected_response(step)
    after = view.item("after")
    found = differences(before, after)
    states = (before.get("state"), after.get("state"))
    if states == ("stopping", "stopped") and view.scenario.item_spec.state_match == "over":
        raise CannotJudge(Text("the item was still being stopped", "item 当时仍在停止过程中"))
    if found and view.seconds_between("before", "after") > LEASE_GAP:
        raise CannotJudge(
            Text(
                "the item changed, but more than {gap} s passed between the two reads",
                "item 发生了变化，但两次读取相隔超过 {gap} 秒",
            ).format(gap=f"{LEASE_GAP:g}")
        )
    operation = view.operation(refused[0])
    since = Text("as before the refused {operation}", "与被拒绝的 {operation} 之前一致").format(operation=operation)
    yield from disagreements("after", found, since, blamed=refused)


def disagreements(
    step: str, found: list[Difference], since: Text, *, blamed: tuple[str, ...] = ()
) -> Iterator[Finding]:
    """Yield a finding for each field that changed. `since` says where its old value was seen.

    `blamed` are the steps that changed them.
    """
    for difference in found:
        expected = Text("{value}, {since}", "{value}（{since}）").format(
            value=field_value(difference.before), since=since
        )
        yield Finding(
            step=step,
            pointer=f"/{difference.field}",
            expected=expected,
            actual=field_value(difference.after),
            blamed=blamed,
        )


def complete_item(view: TranscriptView, step: str) -> dict[str, Any]:
    """Return the fields of a response that has all documented ones. The schema requirements judge missing fields.

    Raises:
        Blocked: a documented field is missing.
    """
    fields = view.expected_object(step)
    absent = [field for field in FIELDS if field not in fields]
    if absent:
        raise Blocked(
            f"{view.operation(step)}.answer.schema-en",
            Text("the response has no `{field}`", "响应中没有 `{field}`").format(field=absent[0]),
        )
    return fields


def field_value(value: Any) -> Text:
    """Return the value of a field as it is shown; a missing one in words."""
    return Text("no such field", "没有该字段") if value == MISSING else schemas.display_value(value)
