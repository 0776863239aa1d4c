"""Broken in who is let in: authentication, authorization."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import Receive, Scope, Send

from conformance.emulator import Tokens
from conformance.emulator.admission import Demand, admit
from conformance.emulator.auth import Principal, authenticate
from conformance.emulator.errors import (
    ApiError,
    JsonObject,
    conflict,
    envelope,
    internal_error,
    not_permitted,
)
from conformance.emulator.operations import Call, Reply
from conformance.emulator.records import Environment
from conformance.emulator.routes_work import ack as healthy_ack
from conformance.emulator.work import WorkItem
from tests.broken.answers import Answer, App, errors, on_refusal
from tests.broken.model import Server, in_microseconds, server
from tests.broken.requirements import (
    ENVELOPE_SCHEMAS,
    UNAUTHENTICATED,
)

Authenticate = Callable[[Tokens, Sequence[str]], Principal]

OWNER = Principal("main", may_act=True)


# Authentication -----------------------------------------------------------------------------------------------------


def accepting(also: Callable[[Tokens, str], bool]) -> Authenticate:
    """The owner also comes in with any Authorization value for which `also` holds (empty where there is none)."""

    def lenient(tokens: Tokens, authorization: Sequence[str]) -> Principal:
        try:
            return authenticate(tokens, authorization)
        except ApiError:
            if also(tokens, authorization[0] if authorization else ""):
                return OWNER
            raise

    return lenient


def token_of(value: str) -> str:
    return value.removeprefix("Bearer ") if value.startswith("Bearer ") else ""


def well_formed(tokens: Tokens, value: str) -> bool:
    return re.fullmatch("pt-[A-Za-z0-9]{40}", token_of(value)) is not None


def in_basic(tokens: Tokens, value: str) -> bool:
    return value == "Basic " + base64.b64encode(f"{tokens.owner}:".encode()).decode()


def careless(tokens: Tokens, authorization: Sequence[str]) -> Principal:
    if list(authorization) == ["Bearer"]:
        raise internal_error()
    return authenticate(tokens, authorization)


def forbids(tokens: Tokens, authorization: Sequence[str]) -> Principal:
    try:
        return authenticate(tokens, authorization)
    except ApiError:
        raise not_permitted() from None


def taking_api_keys(app: App, tokens: Tokens) -> App:
    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        headers = MutableHeaders(scope=scope)
        if "authorization" not in headers and "x-api-key" in headers:
            headers["authorization"] = f"Bearer {headers['x-api-key']}"
        await app(scope, receive, send)

    return called


AUTHENTICATION = (
    server(
        "auth.anonymous",
        "Whoever comes without an Authorization header is taken for the owner.",
        authenticate=accepting(lambda _tokens, value: value == ""),
        fails="ack.auth.missing ack.auth.x-api-key",
    ),
    server(
        "auth.well-formed-is-enough",
        "Any token of the right form is accepted.",
        authenticate=accepting(well_formed),
        fails="ack.auth.unknown-token ack.auth.near-miss ack.auth.expired",
        within="authentication",
    ),
    server(
        "auth.first-characters",
        "Tokens are compared by their first sixteen characters.",
        authenticate=accepting(lambda tokens, value: token_of(value)[:16] == tokens.owner[:16]),
        fails="ack.auth.near-miss",
        within="authentication",
    ),
    server(
        "auth.beginning-is-enough",
        "Any beginning of the token is accepted, the empty one too.",
        authenticate=accepting(
            lambda tokens, value: value.startswith("Bearer") and tokens.owner.startswith(token_of(value))
        ),
        fails="ack.auth.near-miss ack.auth.empty-bearer",
        within="authentication",
    ),
    server(
        "auth.longer-accepted",
        "Whatever begins with the token is accepted.",
        authenticate=accepting(lambda tokens, value: token_of(value).startswith(tokens.owner)),
        fails="ack.auth.near-miss",
        within="authentication",
    ),
    server(
        "auth.empty-bearer-500",
        "`Bearer` without a token crashes the server.",
        authenticate=careless,
        fails="ack.auth.empty-bearer",
        within="authentication",
    ),
    server(
        "auth.any-scheme",
        "The token is accepted under any scheme.",
        authenticate=accepting(lambda tokens, value: value.endswith(f" {tokens.owner}")),
        fails="ack.auth.scheme",
        within="authentication",
    ),
    server(
        "auth.basic",
        "The token is accepted as the user name of HTTP Basic.",
        authenticate=accepting(in_basic),
        fails="ack.auth.scheme",
        within="authentication",
    ),
    server(
        "auth.x-api-key",
        "The token is accepted in x-api-key.",
        wrap=taking_api_keys,
        fails="ack.auth.x-api-key",
        within="authentication",
    ),
    server(
        "auth.never-expires",
        "An expired token is accepted.",
        authenticate=accepting(lambda tokens, value: token_of(value) == tokens.expired),
        fails="ack.auth.expired",
        within="authentication",
    ),
    server(
        "auth.403",
        "Bad credentials answer 403.",
        authenticate=forbids,
        fails=UNAUTHENTICATED,
    ),
    server(
        "auth.wrong-type",
        "A 401 carries the type `unauthorized`.",
        wrap=on_refusal(errors(type="unauthorized"), 401),
        fails=f"{UNAUTHENTICATED} {ENVELOPE_SCHEMAS}",
    ),
)

# Authorization ------------------------------------------------------------------------------------------------------


def everybody_may(principal: Principal, environment: Environment | None, demand: Demand) -> Environment:
    return admit(principal, environment, demand & ~Demand.PERMISSION)


def to_401(answer: Answer) -> None:
    answer.status = 401
    errors(type="authentication_error")(answer)


def any_tenant(principal: Principal, environment: Environment | None, demand: Demand) -> Environment:
    tenant = environment.tenant if environment is not None else principal.tenant
    return admit(replace(principal, tenant=tenant), environment, demand)


async def worker_before_tenant(call: Call) -> Reply:
    environment = call.service.store.environments.get(call.path["environment_id"])
    if environment is not None and environment.tenant != call.principal.tenant:
        raise conflict("The work item was delivered to another worker.", "Worker-ID")
    return await healthy_ack(call)


def telling_strangers(tell: Callable[[WorkItem], JsonObject]) -> Callable[[Call], Any]:
    """Refuses another tenant with a 403 whose `error` also holds what `tell` says of the item."""

    async def ack(call: Call) -> Reply:
        environment_id, work_id = call.path["environment_id"], call.path["work_id"]
        environment = call.service.store.environments.get(environment_id)
        item = call.service.store.work_item(environment_id, work_id)
        if item is not None and environment is not None and environment.tenant != call.principal.tenant:
            refusal: Any = envelope(not_permitted(), "req-1")
            refusal["error"] |= tell(item)
            return Reply(refusal, 403)
        return await healthy_ack(call)

    return ack


AUTHORIZATION = (
    server(
        "authz.not-checked",
        "Whoever sees the environment may ack its work.",
        admit=everybody_may,
        fails="ack.authz.forbidden",
    ),
    server(
        "authz.forbidden-401",
        "A token without the permission answers 401.",
        wrap=on_refusal(to_401, 403),
        fails="ack.authz.forbidden",
        within="authorization",
    ),
    server(
        "authz.wrong-type",
        "A 403 carries the type `forbidden`.",
        wrap=on_refusal(errors(type="forbidden"), 403),
        fails=f"ack.authz.forbidden {ENVELOPE_SCHEMAS}",
        within="authorization",
    ),
    server(
        "authz.any-tenant",
        "The tenant is not compared.",
        admit=any_tenant,
        fails="ack.authz.foreign",
        within="authorization",
    ),
    server(
        "authz.worker-before-tenant",
        "Another tenant learns that the item is with a worker: 409.",
        ack=worker_before_tenant,
        fails="ack.authz.foreign",
        within="authorization",
    ),
    server(
        "authz.names-the-session",
        "Another tenant's refusal names the session.",
        ack=telling_strangers(lambda item: {"message": f"The session {item.session_id} is not yours."}),
        fails="ack.authz.foreign-no-leak",
        within="authorization",
    ),
    server(
        "authz.tells-the-state",
        "Another tenant's refusal holds the state of the item.",
        ack=telling_strangers(lambda item: {"state": item.state.value}),
        fails="ack.authz.foreign-no-leak",
        within="authorization",
    ),
    server(
        "authz.shows-the-item",
        "Another tenant's refusal holds the item, its session left out, some levels down.",
        ack=telling_strangers(
            lambda item: {"details": [{"resource": {**in_microseconds(item), "data": {"type": "session"}}}]}
        ),
        fails="ack.authz.foreign-no-leak",
        within="authorization",
    ),
)

SERVERS: Sequence[Server] = (*AUTHENTICATION, *AUTHORIZATION)
