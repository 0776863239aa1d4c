"""A refusal of another tenant's token shows nothing of the item, in its body or in its headers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.exchange import Header
from conformance.reporting.found_and_expected import actual_text
from conformance.text import LANGS, Lang
from tests.scenario.transcript_builder import (
    CREATED,
    ENVIRONMENT,
    JSON_HEADERS,
    SESSION,
    WORK,
    Dialog,
    envelope,
    refused,
    shown,
)

CONFLICT = "invalid_request_error"


LEAK = "ack.authz.foreign-no-leak"


def foreign(body: dict[str, Any]) -> Dialog:
    return refused("authz.foreign", 404, "not_found_error").said("ack", 404, body)


@pytest.mark.parametrize(
    "body",
    [
        envelope("not_found_error"),
        envelope("not_found_error", f"There is no work item {WORK} in this environment."),
        envelope("not_found_error", param="work_id"),
        envelope("not_found_error", state="unknown"),
        envelope("not_found_error") | {"metadata": None, "data": {}, "stopped_at": None},
        envelope("not_found_error") | {"type": "work"},
        envelope("not_found_error", id=WORK, environment_id=ENVIRONMENT),
        envelope("not_found_error") | {"request": {"path": {"id": WORK, "environment_id": ENVIRONMENT}}},
        envelope("not_found_error", details=[{"type": "session"}, ["queued", "2026-07-01T08:15:01Z"]]),
        envelope("not_found_error", "work-conformance/0.1.0 may not do this."),
    ],
)
def test_a_refusal_that_says_only_what_the_caller_sent_leaks_nothing(body: dict[str, Any]) -> None:
    assert foreign(body).verdict(LEAK).kind == "passed"


@pytest.mark.parametrize(
    "body",
    [
        envelope("not_found_error", f"Session {SESSION} belongs to somebody else."),
        envelope("not_found_error") | {"state": "queued"},
        envelope("not_found_error", created_at=shown()["created_at"]),
        envelope("not_found_error") | {"metadata": shown()["metadata"]},
        envelope("not_found_error") | {"work": shown()},
        envelope("not_found_error", details=[{"deep": [{"state": "queued"}]}]),
        envelope("not_found_error", data={"more": {"created_at": CREATED}}),
        envelope("not_found_error") | {SESSION: True},
    ],
)
def test_a_field_of_the_item_is_a_leak(body: dict[str, Any]) -> None:
    assert foreign(body).verdict(LEAK).kind == "failed"


def test_an_empty_object_tells_nothing() -> None:
    dialog = foreign(envelope("not_found_error") | {"metadata": {}})
    assert dialog.said("arrange.poll.1", 200, shown(metadata={})).verdict(LEAK).kind == "passed"


def test_a_leak_is_shown_where_it_is() -> None:
    body = envelope("not_found_error", details=[{"n": 1}, {"state": "queued"}])
    (failure,) = foreign(body).verdict(LEAK).failures
    assert (failure.pointer, failure.actual.en) == ("/error/details/1/state", '"queued"')


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"a/b": [{"note": f"session {SESSION}"}]}, "/a~1b/0/note"),
        ({SESSION: True}, f"/{SESSION}"),
        ({"work": {"data": shown()["data"]}}, "/work/data"),
    ],
)
def test_a_leaked_value_is_reported_once_with_its_place(more: dict[str, Any], pointer: str) -> None:
    failures = foreign(envelope("not_found_error") | more).verdict(LEAK).failures
    assert [failure.pointer for failure in failures] == [pointer]


@pytest.mark.parametrize("lang", LANGS)
def test_the_message_of_a_leak_in_a_header_names_the_header(lang: Lang) -> None:
    dialog = refused("authz.foreign", 404, "not_found_error")
    dialog.said("ack", 404, envelope("not_found_error"), headers=(*JSON_HEADERS, ("X-Session", SESSION)))
    (failure,) = dialog.verdict(LEAK).failures
    assert "X-Session" in actual_text(failure).in_(lang)
    assert "`data.id`" in actual_text(failure).in_(lang)


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (("X-Session", SESSION), "failed"),
        (("Link", f"</sessions/{SESSION}/events>; rel=up"), "failed"),
        (("X-Owner", "the-other-tenant-1"), "failed"),
        (("Location", f"/environments/{ENVIRONMENT}/work/{WORK}"), "passed"),
        (("X-State", "queued"), "passed"),
    ],
)
def test_headers_leak_too(header: Header, kind: str) -> None:
    dialog = refused("authz.foreign", 404, "not_found_error")
    dialog.said("arrange.poll.1", 200, shown(metadata={"owner": "the-other-tenant-1"}))
    dialog.said("ack", 404, envelope("not_found_error"), headers=(*JSON_HEADERS, header))
    assert dialog.verdict(LEAK).kind == kind


def test_a_value_that_the_caller_sent_itself_is_none_of_the_items() -> None:
    dialog = refused("authz.foreign", 404, "not_found_error")
    dialog.said("arrange.poll.1", 200, shown(metadata={"work": WORK, "key": "an-unmistakable-one"}))
    for message, kind in ((f"There is no {WORK}.", "passed"), (f"{WORK} is an-unmistakable-one.", "failed")):
        dialog.said("ack", 404, envelope("not_found_error", message))
        said = dialog.exchanges["ack"]
        dialog.exchanges["ack"] = replace(said, request=replace(said.request, url=f"http://h/work/{WORK}/ack"))
        verdict = dialog.verdict(LEAK)
        assert (verdict.kind, [failure.actual.en for failure in verdict.failures]) == (
            kind,
            ["a text with the item's `metadata.key`"] if kind == "failed" else [],
        )


def test_an_ack_of_another_tenant_that_succeeds_blocks_the_leak() -> None:
    dialog = refused("authz.foreign").said("ack", 200, shown("starting"))
    assert dialog.verdict("ack.authz.foreign").kind == "failed"
    assert dialog.verdict(LEAK).blocked_by == "ack.authz.foreign"
