"""Odd but legal servers: each uses a freedom that the documentation leaves, and must not be failed for it."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from conformance.emulator import Tokens
from conformance.emulator.admission import Demand, admit
from conformance.emulator.auth import Principal
from conformance.emulator.errors import JsonObject, invalid_request, not_found, not_permitted
from conformance.emulator.ids import IdMint
from conformance.emulator.instants import Clock, utc_now
from conformance.emulator.operations import Call, Operation, Reply
from conformance.emulator.records import Environment
from conformance.emulator.rendering import render_work_item
from conformance.emulator.routes_environments import create_agent, create_environment
from conformance.emulator.routes_sessions import create_session, send_events
from conformance.emulator.routes_work import ack as healthy_ack
from conformance.emulator.routes_work import poll as healthy_poll
from conformance.emulator.work import AckDecision, WorkItem, decide_ack
from tests.broken.answers import Answer, App, Edit, Wrap, answered, body, editing, errors, header, on_refusal, sent
from tests.broken.model import Server, in_microseconds, server

TIMES: Final = ("created_at", "acknowledged_at", "started_at", "latest_heartbeat_at", "stop_requested_at", "stopped_at")

# How answers are written --------------------------------------------------------------------------------------------


def with_extra_fields(item: WorkItem) -> JsonObject:
    fields = in_microseconds(item)
    data = {"type": "session", "id": item.session_id, "attempt": 3}
    return {**fields, "data": data, "secret": None, "priority": 1.5, "labels": ["a"], "error": None, "lease": {}}


async def poll_with_secret(call: Call) -> Reply:
    reply = await healthy_poll(call)
    return Reply(reply.payload | {"secret": "whsec-0123456789"}) if isinstance(reply.payload, dict) else reply


def with_digits(choose: Callable[[], int]) -> Callable[[WorkItem], JsonObject]:
    """Times cut off after as many fraction digits as `choose` says each time, without the dot where there is none."""

    def render(item: WorkItem) -> JsonObject:
        return render_work_item(item) | {name: cut(getattr(item, name)) for name in TIMES}

    def cut(moment: datetime | None) -> str | None:
        digits = choose()
        fraction = f".{f'{moment:%f}000'[:digits]}" if moment is not None and digits else ""
        return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"

    return render


def in_many_spellings(item: WorkItem) -> JsonObject:
    """One field with +00:00, one with -00:00, one in lower case."""
    fields: dict[str, Any] = in_microseconds(item)
    for name, respell in (
        ("created_at", str.lower),
        ("acknowledged_at", lambda text: text.replace("Z", "+00:00")),
        ("started_at", lambda text: text.replace("Z", "-00:00")),
    ):
        fields[name] = respell(fields[name]) if fields[name] is not None else None
    return fields


def indented(answer: Answer) -> None:
    if answer.content:
        answer.content = b"\r\n\t" + json.dumps(_reversed(answer.body()), indent=3).encode() + b" \n"


def _reversed(value: Any) -> Any:
    """The same value with the keys of all its objects in reverse order."""
    if isinstance(value, list):
        return [_reversed(entry) for entry in value]
    return {name: _reversed(value[name]) for name in reversed(value)} if isinstance(value, dict) else value


def zipped(answer: Answer) -> None:
    answer.content = gzip.compress(answer.content)
    answer.headers |= {"content-encoding": "gzip", "vary": "accept-encoding"}


def in_chunks(app: App, _tokens: Tokens) -> App:
    """Bodies of unsaid length in pieces of seven bytes, on a connection that is closed afterwards."""

    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        answer = await answered(app, scope, receive)
        del answer.headers["content-length"]
        answer.headers["connection"] = "close"
        headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        for start in range(0, len(answer.content), 7):
            part = answer.content[start : start + 7]
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return called


# Ids and clocks -----------------------------------------------------------------------------------------------------


class Ulids(IdMint):
    """Ids in the upper-case alphabet of Crockford, as ULIDs have it."""

    def mint(self, prefix: str) -> str:
        number = int(super().mint("").removeprefix("0x"), 16)
        digits = "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[number >> (5 * place) & 31] for place in range(26))
        return prefix + digits[::-1]


class Numbers(IdMint):
    """Ids that are decimal numbers of ten digits."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._numbers = count(4_102_444_800)

    def mint(self, prefix: str) -> str:
        return f"{prefix}{next(self._numbers)}"


def ten_minutes_slow() -> datetime:
    return utc_now() - timedelta(minutes=10)


# What an ack does ---------------------------------------------------------------------------------------------------


def needs_the_id(item: WorkItem, worker_id: str | None) -> AckDecision:
    """A polled id binds: an ack without one is another worker's."""
    decision = decide_ack(item, worker_id)
    live = decision in {AckDecision.START, AckDecision.REPEAT}
    return AckDecision.OTHER_WORKER if live and item.worker_id != worker_id else decision


async def recording_ack(call: Call) -> Reply:
    """An ack binds the item to its worker, where poll named none."""
    reply = await healthy_ack(call)
    item = call.service.store.work_item(call.path["environment_id"], call.path["work_id"])
    assert item is not None
    call.service.store.put_work(replace(item, worker_id=item.worker_id or call.worker_id))
    return reply


async def ack_of_well_formed(call: Call) -> Reply:
    for name, prefix in (("environment_id", "env_"), ("work_id", "work_")):
        if not re.fullmatch(f"{prefix}[0-9a-f]{{32}}", call.path[name]):
            raise invalid_request(f"The {name} is malformed.", name)
    return await healthy_ack(call)


def strangers_forbidden(principal: Principal, environment: Environment | None, demand: Demand) -> Environment:
    if environment is not None and environment.tenant != principal.tenant:
        raise not_permitted()
    return admit(principal, environment, demand)


# Arranging ----------------------------------------------------------------------------------------------------------


def with_200(operation: Operation) -> Operation:
    async def called(call: Call) -> Reply:
        return Reply((await operation(call)).payload)

    return called


async def no_list(call: Call) -> Reply:
    raise not_found("path")


async def session_with_work(call: Call) -> Reply:
    reply = await create_session(call)
    assert isinstance(reply.payload, dict)
    session = call.service.registry.session(call.principal.tenant, reply.payload["id"])
    message = {"type": "user.message", "content": [{"type": "text", "text": "Begin."}]}
    call.service.registry.send_events(session, {"events": [message]})
    return reply


async def managed_not_cloud(call: Call) -> Reply:
    """The kind that is not self-hosted is called `managed`, and `cloud` is unknown."""
    document: Any = call.document()
    if document["config"]["type"] == "cloud":
        raise invalid_request("config.type must be self_hosted or managed.", "config.type")
    known = call.body.replace(b'"managed"', b'"cloud"')
    return await create_environment(replace(call, body=known))


def in_every(number: int, status: int, **headers: str) -> Wrap:
    """The gateway turns away every so-manieth request, before the server sees it."""

    def wrap(app: App, _tokens: Tokens) -> App:
        requests = count(1)

        async def called(scope: Scope, receive: Receive, send: Send) -> None:
            if next(requests) % number:
                await app(scope, receive, send)
            else:
                fields = {name.replace("_", "-"): value for name, value in headers.items()}
                await sent(Answer(scope["method"], scope["path"], Headers(scope=scope), status, fields, b""), send)

        return called

    return wrap


def both(*edits: Edit) -> Edit:
    def edit(answer: Answer) -> None:
        for each in edits:
            each(answer)

    return edit


_turns = count()

CREATING: Final = {
    "/environments": {"POST": with_200(create_environment), "GET": no_list},
    "/agents": {"POST": with_200(create_agent)},
    "/sessions": {"POST": with_200(create_session)},
    "/sessions/{session_id}/events": {"POST": with_200(send_events)},
}

SERVERS: Final[tuple[Server, ...]] = (
    server("too-many-requests", "Every fifth request is told to come again.", wrap=in_every(5, 429, retry_after="1")),
    server(
        "extra-fields",
        "The item has fields that no page names, `secret` (a string on poll, null elsewhere) among them.",
        render_work_item=with_extra_fields,
        replacing={"/environments/{environment_id}/work/poll": {"GET": poll_with_secret}},
    ),
    server(
        "extra-error-fields",
        "The envelope has fields that no page names.",
        wrap=on_refusal(
            both(errors(feature="ack", details=[{"hint": None}]), body(lambda envelope: envelope.update(code=4711)))
        ),
        within="error-envelope terminal-states",
    ),
    server(
        "whole-seconds",
        "All times are shown in whole seconds.",
        render_work_item=with_digits(lambda: 0),
    ),
    server(
        "nought-to-nine-digits",
        "Each time is shown with another number of fraction digits, from none to nine.",
        render_work_item=with_digits(lambda: next(_turns) % 10),
    ),
    server(
        "offsets",
        "UTC is spelt +00:00 and -00:00 and z, the separator t.",
        render_work_item=in_many_spellings,
    ),
    server(
        "media-type",
        "The media type is in mixed case and has parameters.",
        wrap=editing(header("content-type", 'Application/JSON ;charset="utf-8"; profile=v1')),
    ),
    server("indented", "Keys are in reverse order, with white space everywhere.", wrap=editing(indented)),
    server("gzip", "Every answer is compressed.", wrap=editing(zipped)),
    server("chunked", "Every answer is sent in small pieces, then the connection is closed.", wrap=in_chunks),
    server("ulids", "Ids are prefixed ULIDs.", mint=Ulids, warns="ack.answer.id-form"),
    server("numbers", "Ids are prefixed decimal numbers.", mint=Numbers, warns="ack.answer.id-form"),
    server("slow-clock", "The clock is ten minutes slow.", clock=ten_minutes_slow),
    server(
        "acknowledged-at-refreshed",
        "A retry dates the acknowledgement anew.",
        repeat_ack=lambda item, now: replace(item, acknowledged_at=now),
        warns="ack.retry.acknowledged-at-unchanged",
    ),
    server(
        "polled-id-binds",
        "Where poll sent a Worker-ID, an ack without one answers 409.",
        decide_ack=needs_the_id,
        warns="ack.identity.ack-without-id",
    ),
    server("worker-of-the-ack", "An ack records its worker where poll named none.", ack=recording_ack),
    server(
        "ids-in-any-case",
        "Ids of workers that differ in letter case only are the same.",
        decide_ack=lambda item, worker_id: decide_ack(
            replace(item, worker_id=item.worker_id and item.worker_id.lower()), worker_id and worker_id.lower()
        ),
        within="worker-identity",
    ),
    server("malformed-ids-400", "A malformed id is wrong input: 400.", ack=ack_of_well_formed, within="not-found"),
    server(
        "strangers-403", "Another tenant's environment answers 403.", admit=strangers_forbidden, within="authorization"
    ),
    server(
        "never-delivers-again",
        "What was delivered once is not delivered again.",
        claimable=lambda item, _now, _reclaim: item.state == "queued" and item.delivered_at is None,
        skips="ack.identity.redelivered",
    ),
    server(
        "param-null",
        "A refusal that no parameter is to blame for has a param that is null.",
        wrap=on_refusal(body(lambda envelope: envelope["error"].setdefault("param"))),
        warns="ack.envelope.param-not-null",
        within="error-envelope terminal-states",
    ),
    server(
        "request-id-its-own",
        "A refusal's request_id is always one of the server's own.",
        wrap=on_refusal(body(lambda envelope: envelope.update(request_id="req_0001"))),
        warns="ack.envelope.request-id-echo",
        within="error-envelope terminal-states",
    ),
    server("creates-with-200", "Whatever is created answers 200, and environments have no list.", replacing=CREATING),
    server(
        "work-at-once",
        "Work is queued as soon as a session is created.",
        replacing={"/sessions": {"POST": session_with_work}},
    ),
    server(
        "managed",
        "Environments that are not self-hosted are of the type `managed`.",
        replacing={"/environments": {"POST": managed_not_cloud}},
    ),
    server("unavailable", "Every twentieth request finds nobody.", wrap=in_every(20, 503)),
)
