"""Broken in how an answer is written: the Work item, the error envelope, media type, JSON, encoding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from conformance.emulator.errors import JsonObject
from conformance.emulator.operations import Call, Reply
from conformance.emulator.routes_work import get_item
from conformance.emulator.work import WorkItem, acknowledge
from tests.broken.answers import Answer, body, content, editing, errors, header, on_refusal, on_success
from tests.broken.model import Server, in_microseconds, server
from tests.broken.requirements import (
    ANOTHER_ITEM,
    ENVELOPE_SCHEMAS,
    ITEM_SCHEMAS,
    MISMATCHES,
    NOT_FOUND,
    TERMINAL,
    UNAUTHENTICATED,
)

# Body of a successful ack -------------------------------------------------------------------------------------------


def without(name: str) -> Any:
    return body(lambda item: item.pop(name))


def shown(**fields: Any) -> Any:
    """Every operation shows the item with these fields."""
    return lambda item: {**in_microseconds(item), **fields}


def naive_creation(item: WorkItem) -> JsonObject:
    return {**in_microseconds(item), "created_at": f"{item.created_at:%Y-%m-%dT%H:%M:%S}"}


def newline_after_heartbeat(item: WorkItem) -> JsonObject:
    fields = in_microseconds(item)
    heartbeat = fields["latest_heartbeat_at"]
    return fields if heartbeat is None else fields | {"latest_heartbeat_at": f"{heartbeat}\n"}


def in_beijing(item: dict[str, Any]) -> None:
    """The same moment of creation, told with the offset of Beijing."""
    moment = datetime.fromisoformat(item["created_at"])
    item["created_at"] = moment.astimezone(timezone(timedelta(hours=8))).isoformat()


def another_digit(text: str) -> str:
    return text[:-1] + ("0" if text[-1] != "0" else "1")


async def get_of_a_replica(call: Call) -> Reply:
    """A get that dates the acknowledgement two seconds earlier than the ack did."""
    reply = await get_item(call)
    item = call.service.store.work_item(call.path["environment_id"], call.path["work_id"])
    assert item is not None
    if item.acknowledged_at is None:
        return reply
    return Reply(in_microseconds(replace(item, acknowledged_at=item.acknowledged_at - timedelta(seconds=2))))


async def get_without_metadata(call: Call) -> Reply:
    reply = await get_item(call)
    assert isinstance(reply.payload, dict)
    return Reply(reply.payload | {"metadata": {}})


ITEM = (
    server(
        "item.no-metadata",
        "A successful ack leaves `metadata` out.",
        wrap=on_success(without("metadata")),
        fails=ITEM_SCHEMAS,
    ),
    server(
        "item.no-stopped-at",
        "No operation shows `stopped_at` until it is set.",
        render_work_item=lambda item: {
            name: value for name, value in in_microseconds(item).items() if name != "stopped_at" or value is not None
        },
        fails=ITEM_SCHEMAS,
        within="first-ack retries",
    ),
    server(
        "item.wrong-type-field",
        "Every operation shows an item of type `work_item`.",
        render_work_item=shown(type="work_item"),
        fails=ITEM_SCHEMAS,
        within="first-ack retries",
    ),
    server(
        "item.numbers-in-metadata",
        "Every operation shows a number among the metadata.",
        render_work_item=lambda item: {**in_microseconds(item), "metadata": {**item.metadata, "attempt": 1}},
        fails=ITEM_SCHEMAS,
        within="first-ack retries",
    ),
    server(
        "item.metadata-null",
        "A successful ack shows `metadata` as null.",
        wrap=on_success(body(lambda item: item.update(metadata=None))),
        fails=f"{ITEM_SCHEMAS} {ANOTHER_ITEM}",
    ),
    server(
        "item.naive-time",
        "`created_at` has no offset.",
        render_work_item=naive_creation,
        fails=ITEM_SCHEMAS,
        within="first-ack retries",
    ),
    server(
        "item.time-with-newline",
        "`latest_heartbeat_at` ends in a newline.",
        render_work_item=newline_after_heartbeat,
        fails=ITEM_SCHEMAS,
        within="first-ack retries",
    ),
    server(
        "item.time-not-utc",
        "A successful ack shows the moment of creation in another time zone.",
        wrap=on_success(body(in_beijing)),
        fails=ITEM_SCHEMAS,
    ),
    server(
        "item.another-id",
        "A successful ack answers with the id of another item.",
        wrap=on_success(body(lambda item: item.update(id=another_digit(item["id"])))),
        fails=ANOTHER_ITEM,
        within="first-ack retries",
    ),
    server(
        "item.another-session",
        "A successful ack answers with the id of another session.",
        wrap=on_success(body(lambda item: item["data"].update(id=another_digit(item["data"]["id"])))),
        fails=ANOTHER_ITEM,
        within="first-ack retries",
    ),
    server(
        "item.created-anew",
        "An ack dates the creation anew.",
        acknowledge=lambda item, now: replace(acknowledge(item, now), created_at=now),
        fails="ack.answer.same-item",
        within="first-ack retries",
    ),
    server(
        "item.metadata-added",
        "An ack adds to the metadata.",
        acknowledge=lambda item, now: replace(acknowledge(item, now), metadata={**item.metadata, "acked": "yes"}),
        fails="ack.answer.same-item",
        within="first-ack retries",
    ),
    server(
        "item.metadata-empty",
        "A successful ack shows empty metadata, as the page's example does.",
        wrap=on_success(body(lambda item: item.update(metadata={}))),
        fails=ANOTHER_ITEM,
        within="first-ack retries",
    ),
    server(
        "item.get-lags",
        "A get dates the acknowledgement earlier than the ack does.",
        get=get_of_a_replica,
        fails="ack.answer.get-agrees",
    ),
    server(
        "item.get-without-metadata",
        "A get shows empty metadata.",
        get=get_without_metadata,
        fails="ack.answer.get-agrees",
        within="first-ack retries",
    ),
)

# Media type, JSON, encoding -----------------------------------------------------------------------------------------


def without_media_type(answer: Answer) -> None:
    if answer.is_ack:
        del answer.headers["content-type"]


WRITTEN = (
    server(
        "written.plain-text",
        "A successful ack is served as text/plain.",
        wrap=on_success(header("content-type", "text/plain; charset=utf-8")),
        fails="ack.answer.media-type",
        within="first-ack retries",
    ),
    server(
        "written.no-media-type",
        "No ack's answer says what it is.",
        wrap=editing(without_media_type),
        fails="ack.answer.media-type ack.envelope.media-type",
    ),
    server(
        "written.duplicate-key",
        "A successful ack names `state` twice.",
        wrap=on_success(content(lambda raw: b'{"state":"starting",' + raw[1:])),
        fails="ack.answer.strict-json",
    ),
    server(
        "written.nan",
        "A successful ack holds a field that is NaN.",
        wrap=on_success(body(lambda item: item.update(priority=float("nan")))),
        fails="ack.answer.strict-json",
        within="first-ack retries",
    ),
    server(
        "written.byte-order-mark",
        "A successful ack begins with a byte order mark.",
        wrap=on_success(content(lambda raw: b"\xef\xbb\xbf" + raw)),
        fails="ack.answer.strict-json",
        within="first-ack retries",
    ),
    server(
        "written.latin-1",
        "A successful ack is not UTF-8.",
        wrap=on_success(content(lambda raw: b'{"note":"caf\xe9",' + raw[1:])),
        fails="ack.answer.strict-json",
        within="first-ack retries",
    ),
    server(
        "written.empty",
        "A successful ack has an empty body.",
        wrap=on_success(content(lambda _raw: b"")),
        fails="ack.answer.strict-json",
        within="first-ack retries",
    ),
    server(
        "written.said-to-be-gzip",
        "A successful ack says gzip and is plain.",
        wrap=on_success(header("content-encoding", "gzip")),
        fails="ack.answer.strict-json",
        within="first-ack retries",
    ),
)

# Error envelope -----------------------------------------------------------------------------------------------------


def redirected(answer: Answer) -> None:
    if answer.is_ack:
        answer.status, answer.content = 307, b""
        answer.headers["location"] = f"{answer.path}/"


def in_html(answer: Answer) -> None:
    answer.headers["content-type"] = "text/html; charset=utf-8"
    answer.content = b"<!doctype html><title>Not Found</title>"


ENVELOPE = (
    server(
        "envelope.no-request-id",
        "A refusal has no request_id.",
        wrap=on_refusal(without("request_id")),
        fails=ENVELOPE_SCHEMAS,
        warns="ack.envelope.request-id-echo",
    ),
    server(
        "envelope.request-id-empty",
        "A refusal's request_id is empty.",
        wrap=on_refusal(body(lambda envelope: envelope.update(request_id=""))),
        fails="ack.envelope.not-empty",
        warns="ack.envelope.request-id-echo",
        within="error-envelope terminal-states",
    ),
    server(
        "envelope.message-blank",
        "A refusal's message is a space.",
        wrap=on_refusal(errors(message=" ")),
        fails="ack.envelope.not-empty",
        within="error-envelope terminal-states",
    ),
    server(
        "envelope.flat",
        "A refusal's `error` is a string.",
        wrap=on_refusal(body(lambda envelope: envelope.update(error=envelope["error"]["message"]))),
        fails=ENVELOPE_SCHEMAS,
        within="error-envelope terminal-states",
    ),
    server(
        "envelope.no-outer-type",
        "A refusal has no outer type.",
        wrap=on_refusal(without("type")),
        fails=ENVELOPE_SCHEMAS,
        within="error-envelope terminal-states",
    ),
    server(
        "envelope.conflict-error",
        "A 409 carries the type `conflict_error`, as the conventions page has it.",
        wrap=on_refusal(errors(type="conflict_error"), 409),
        fails=f"{MISMATCHES} {TERMINAL} {ENVELOPE_SCHEMAS}",
    ),
    server(
        "envelope.param-a-list",
        "A refusal's param is a list.",
        wrap=on_refusal(errors(param=["work_id"])),
        fails=ENVELOPE_SCHEMAS,
        within="error-envelope terminal-states",
    ),
    server(
        "envelope.problem-json",
        "A refusal is served as application/problem+json.",
        wrap=on_refusal(header("content-type", "application/problem+json")),
        fails="ack.envelope.media-type",
        within="error-envelope terminal-states",
    ),
    server(
        "envelope.html-404",
        "A 404 is the web framework's page.",
        wrap=on_refusal(in_html, 404),
        fails="ack.envelope.media-type ack.envelope.strict-json",
    ),
    server(
        "envelope.duplicate-key",
        "A refusal names `type` twice.",
        wrap=on_refusal(content(lambda raw: b'{"type":"error",' + raw[1:])),
        fails="ack.envelope.strict-json",
        within="error-envelope terminal-states",
    ),
    server(
        "redirects",
        "Every ack is redirected to the path with a slash at its end.",
        wrap=editing(redirected),
        fails="ack.first.starting ack.identity.optional ack.identity.header-case ack.identity.mismatch-queued"
        " ack.identity.redelivered ack.terminal.stopped-queued ack.environment.not-self-hosted ack.authz.forbidden"
        f" ack.authz.foreign ack.request.json-body {NOT_FOUND} {UNAUTHENTICATED}",
        warns="ack.identity.ack-without-id",
    ),
)

SERVERS: Sequence[Server] = (*ITEM, *WRITTEN, *ENVELOPE)
