"""Body of a successful ack: what holds for the item in every successful ack of every scenario."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from conformance.chapters.every_operation.item_differences import complete_item, disagreements
from conformance.chapters.every_operation.response_status import judgeable_steps
from conformance.contract import schemas
from conformance.contract.work_item import IDENTITY, Difference, differences
from conformance.scenario.model import Check, Finding, Scenario
from conformance.scenario.stale_reads import object_in_response
from conformance.scenario.transcript_view import (
    LEASE_GAP,
    CannotJudge,
    NotExercised,
    TranscriptView,
    undocumented_state_error,
)
from conformance.text import Text

_PUBLISHED_ID: Final = re.compile(r"[a-z]+_[0-9a-f]{32}")


def checks(scenario: Scenario) -> Iterator[Check]:
    """Yield the checks for every successful ack of this scenario."""
    yield Check("ack.answer.same-item", _same_item)
    yield Check("ack.answer.id-form", _id_form)
    if scenario.gets:
        yield Check("ack.answer.get-agrees", _get_agrees)


def _same_item(view: TranscriptView) -> Iterator[Finding]:
    for step in judgeable_steps(view, "ack", success=True):
        polled = view.polled_item(step)
        absent = [field for field in IDENTITY if field not in polled]
        if absent:
            raise CannotJudge(
                Text("the item that poll returned has no `{field}`", "poll 返回的 item 中没有 `{field}`").format(
                    field=absent[0]
                )
            )
        fields = complete_item(view, step)
        found = differences({**polled, **_shown_since(view, step, fields)}, fields, IDENTITY)
        path_id = view.acked_item_facts(step)["environment_id"]
        if fields["environment_id"] != path_id and not any(d.field == "environment_id" for d in found):
            found.append(Difference("environment_id", path_id, fields["environment_id"]))
        yield from disagreements(step, found, Text("as poll returned it", "与 poll 返回的一致"))


def _shown_since(view: TranscriptView, step: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata if another operation, since the poll and before this ack ended, shows them as the ack does.

    That operation changed them, and the ack returns what is stored.
    """
    ended, metadata = view.exchange(step).completed, fields.get("metadata")
    for exchange in view.transcript.exchanges:
        if exchange.invoked > ended or exchange.operation in {"ack", "poll"}:
            continue
        shown = object_in_response(exchange) or {}
        if shown.get("id") == fields.get("id") and shown.get("metadata") == metadata:
            return {"metadata": metadata}
    return {}


def _get_agrees(view: TranscriptView) -> Iterator[Finding]:
    pairs = [(ack, get) for ack, get in view.scenario.gets if not view.is_omitted(ack)]
    if not pairs:
        raise NotExercised(Text("no GET followed an ack", "ack 之后没有随即执行 GET"))
    for ack, get in pairs:
        found = differences(complete_item(view, ack), view.item(get))
        state = view.shown_undocumented_state(get)
        if state is not None:
            found = [difference for difference in found if difference.field != "state"]
        if found and view.seconds_between(ack, get) > LEASE_GAP:
            raise CannotJudge(Text("too much time passed between the ack and the GET", "ack 与 GET 之间相隔过久"))
        in_response = Text("as in the ack's response", "与 ack 的响应一致")
        yield from disagreements(get, found, in_response, blamed=(ack,))
        if state is not None:
            raise undocumented_state_error(state)


def _id_form(view: TranscriptView) -> Iterator[Finding]:
    for step in judgeable_steps(view, "ack", success=True):
        fields = view.expected_object(step)
        data = fields.get("data")
        ids = {
            "/id": fields.get("id"),
            "/environment_id": fields.get("environment_id"),
            "/data/id": data.get("id") if isinstance(data, dict) else None,
        }
        for pointer, found in ids.items():
            if isinstance(found, str) and not _PUBLISHED_ID.fullmatch(found):
                yield Finding(
                    step=step,
                    pointer=pointer,
                    expected=Text("a prefix and 32 lower-case hex digits", "前缀加 32 位小写十六进制数字"),
                    actual=schemas.display_value(found),
                )
