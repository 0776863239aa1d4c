"""Broken in what is refused: environment kind, not found, authentication, authorization, effects of a refusal."""

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
    not_found,
    not_permitted,
)
from conformance.emulator.operations import Call, Reply
from conformance.emulator.records import Environment
from conformance.emulator.routes_work import ack as healthy_ack
from conformance.emulator.work import State, WorkItem
from tests.broken.answers import Answer, App, answered, errors, on_refusal, sent
from tests.broken.model import Server, in_microseconds, server

Authenticate = Callable[[Tokens, Sequence[str]], Principal]

OWNER = Principal("main", may_act=True)

EVERY_401 = (
    "ack.auth.missing ack.auth.unknown-token ack.auth.near-miss ack.auth.empty-bearer ack.auth.scheme"
    " ack.auth.x-api-key ack.auth.expired"
)
EVERY_TERMINAL_409 = (
    "ack.terminal.stopping ack.terminal.stopped-queued ack.terminal.stopped-drained ack.terminal.stopped-forced"
)
EVERY_404 = "ack.not-found.environment ack.not-found.work ack.not-found.other-environment ack.not-found.malformed"
ENVELOPE_SCHEMAS = "ack.envelope.schema-en ack.envelope.schema-zh"

# Environment kind ---------------------------------------------------------------------------------------------------


def item_first(principal: Principal, environment: Environment | None, demand: Demand) -> Environment:
    """The kind of the environment is no concern: what has no items has none to find."""
    return admit(principal, environment, demand & ~Demand.SELF_HOSTED)


def kind_conflict(principal: Principal, environment: Environment | None, demand: Demand) -> Environment:
    try:
        return admit(principal, environment, demand)
    except ApiError as error:
        raise (conflict(error.message) if error.status == 400 else error) from None


KIND = (
    server(
        "kind.item-first",
        "In an environment that is not self-hosted, the item is looked up first and not found.",
        admit=item_first,
        fails="ack.environment.not-self-hosted",
    ),
    server(
        "kind.conflict",
        "An environment of the wrong kind is a 409.",
        admit=kind_conflict,
        fails="ack.environment.not-self-hosted",
    ),
    server(
        "kind.wrong-type",
        "A 400 carries the type `bad_request`.",
        wrap=on_refusal(errors(type="bad_request"), 400),
        fails=f"ack.environment.not-self-hosted {ENVELOPE_SCHEMAS}",
    ),
)

# Not found ----------------------------------------------------------------------------------------------------------


def hides_behind_403(principal: Principal, environment: Environment | None, demand: Demand) -> Environment:
    if environment is None:
        raise not_permitted()
    return admit(principal, environment, demand)


async def item_anywhere(call: Call) -> Reply:
    """Ack by the work id alone, in whichever self-hosted environment of the tenant the item is."""
    call.environment(Demand.SELF_HOSTED | Demand.PERMISSION)
    return await healthy_ack(_where_it_is(call))


async def item_alone(call: Call) -> Reply:
    """As `item_anywhere`; the environment of the path need not even exist."""
    if call.path["environment_id"] in call.service.store.environments:
        call.environment(Demand.SELF_HOSTED | Demand.PERMISSION)
    return await healthy_ack(_where_it_is(call))


def _where_it_is(call: Call) -> Call:
    store, work_id = call.service.store, call.path["work_id"]
    for environment in store.environments.values():
        if environment.tenant == call.principal.tenant and store.work_item(environment.id, work_id) is not None:
            return replace(call, path={"environment_id": environment.id, "work_id": work_id})
    return call


async def nothing_to_do(call: Call) -> Reply:
    try:
        return await healthy_ack(call)
    except ApiError as error:
        if error.status == 404 and error.message == not_found("work item").message:
            return Reply({})
        raise


async def parses_ids(call: Call) -> Reply:
    if not re.fullmatch("work_[0-9a-f]{32}", call.path["work_id"]):
        raise internal_error()
    return await healthy_ack(call)


NOT_FOUND = (
    server(
        "not-found.hidden-environment",
        "An unknown environment answers 403, so that nobody learns which exist.",
        admit=hides_behind_403,
        fails="ack.not-found.environment ack.not-found.malformed",
    ),
    server(
        "not-found.item-anywhere",
        "The item is looked up by its id alone, in an environment that has to exist.",
        ack=item_anywhere,
        fails="ack.not-found.other-environment",
    ),
    server(
        "not-found.environment-ignored",
        "The item is looked up by its id alone, whatever environment the path names.",
        ack=item_alone,
        fails="ack.not-found.environment ack.not-found.other-environment ack.not-found.malformed",
    ),
    server(
        "not-found.nothing-to-do",
        "An ack of an unknown item answers 200 and an empty object.",
        ack=nothing_to_do,
        fails="ack.not-found.work ack.not-found.other-environment ack.not-found.malformed",
    ),
    server(
        "not-found.malformed-500",
        "A malformed work id crashes the server.",
        ack=parses_ids,
        fails="ack.not-found.malformed",
    ),
    server(
        "not-found.wrong-type",
        "A 404 carries the type `invalid_request_error`.",
        wrap=on_refusal(errors(type="invalid_request_error"), 404),
        fails=f"{EVERY_404} ack.authz.foreign {ENVELOPE_SCHEMAS}",
    ),
)

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
    ),
    server(
        "auth.first-characters",
        "Tokens are compared by their first sixteen characters.",
        authenticate=accepting(lambda tokens, value: token_of(value)[:16] == tokens.owner[:16]),
        fails="ack.auth.near-miss",
    ),
    server(
        "auth.beginning-is-enough",
        "Any beginning of the token is accepted, the empty one too.",
        authenticate=accepting(
            lambda tokens, value: value.startswith("Bearer") and tokens.owner.startswith(token_of(value))
        ),
        fails="ack.auth.near-miss ack.auth.empty-bearer",
    ),
    server(
        "auth.empty-bearer-500",
        "`Bearer` without a token crashes the server.",
        authenticate=careless,
        fails="ack.auth.empty-bearer",
    ),
    server(
        "auth.any-scheme",
        "The token is accepted under any scheme.",
        authenticate=accepting(lambda tokens, value: value.endswith(f" {tokens.owner}")),
        fails="ack.auth.scheme",
    ),
    server(
        "auth.basic",
        "The token is accepted as the user name of HTTP Basic.",
        authenticate=accepting(in_basic),
        fails="ack.auth.scheme",
    ),
    server(
        "auth.x-api-key",
        "The token is accepted in x-api-key.",
        wrap=taking_api_keys,
        fails="ack.auth.x-api-key",
    ),
    server(
        "auth.never-expires",
        "An expired token is accepted.",
        authenticate=accepting(lambda tokens, value: token_of(value) == tokens.expired),
        fails="ack.auth.expired",
    ),
    server(
        "auth.403",
        "Bad credentials answer 403.",
        authenticate=forbids,
        fails=EVERY_401,
    ),
    server(
        "auth.wrong-type",
        "A 401 carries the type `unauthorized`.",
        wrap=on_refusal(errors(type="unauthorized"), 401),
        fails=f"{EVERY_401} {ENVELOPE_SCHEMAS}",
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
    ),
    server(
        "authz.wrong-type",
        "A 403 carries the type `forbidden`.",
        wrap=on_refusal(errors(type="forbidden"), 403),
        fails=f"ack.authz.forbidden {ENVELOPE_SCHEMAS}",
    ),
    server(
        "authz.any-tenant",
        "The tenant is not compared.",
        admit=any_tenant,
        fails="ack.authz.foreign",
    ),
    server(
        "authz.worker-before-tenant",
        "Another tenant learns that the item is with a worker: 409.",
        ack=worker_before_tenant,
        fails="ack.authz.foreign",
    ),
    server(
        "authz.names-the-session",
        "Another tenant's refusal names the session.",
        ack=telling_strangers(lambda item: {"message": f"The session {item.session_id} is not yours."}),
        fails="ack.authz.foreign-no-leak",
    ),
    server(
        "authz.tells-the-state",
        "Another tenant's refusal holds the state of the item.",
        ack=telling_strangers(lambda item: {"state": item.state.value}),
        fails="ack.authz.foreign-no-leak",
    ),
    server(
        "authz.shows-the-item",
        "Another tenant's refusal holds the item, its session left out, some levels down.",
        ack=telling_strangers(
            lambda item: {"details": [{"resource": {**in_microseconds(item), "data": {"type": "session"}}}]}
        ),
        fails="ack.authz.foreign-no-leak",
    ),
)

# Effects of a refusal -----------------------------------------------------------------------------------------------


def leaving(effect: Callable[[Call, WorkItem], WorkItem], *statuses: int) -> Callable[[Call], Any]:
    """Refuses as it must, but what the path names is changed by then."""

    async def ack(call: Call) -> Reply:
        try:
            return await healthy_ack(call)
        except ApiError as error:
            item = call.service.store.work_item(call.path["environment_id"], call.path["work_id"])
            if item is not None and error.status in statuses:
                call.service.store.put_work(effect(call, item))
            raise

    return ack


def starts(call: Call, item: WorkItem) -> WorkItem:
    now = call.service.registry.clock()
    return replace(item, state=State.STARTING, acknowledged_at=now) if item.state is State.QUEUED else item


def takes(call: Call, item: WorkItem) -> WorkItem:
    return replace(item, worker_id=call.worker_id)


def dates(call: Call, item: WorkItem) -> WorkItem:
    return replace(item, acknowledged_at=call.service.registry.clock()) if item.state is State.STOPPED else item


def acting_first(app: App, tokens: Tokens) -> App:
    """Credentials are looked at too late: whoever sends the ack, it has happened."""

    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        answer = await answered(app, scope, receive)
        if answer.is_ack and answer.status == 401:
            headers = MutableHeaders(scope=scope)
            headers["authorization"] = f"Bearer {tokens.owner}"
            await answered(app, scope, receive)
        await sent(answer, send)

    return called


EFFECTS = (
    server(
        "refused.starts-the-item",
        "Another worker's ack answers 409, and the item is starting.",
        ack=leaving(starts, 409),
        fails="ack.refused.changes-nothing",
    ),
    server(
        "refused.taken-over",
        "Another worker's ack answers 409, and the item is that worker's.",
        ack=leaving(takes, 409),
        fails="ack.refused.rightful-worker-unharmed",
    ),
    server(
        "refused.started-and-taken-over",
        "Another worker's ack answers 409, and the item is that worker's and starting.",
        ack=leaving(lambda call, item: takes(call, starts(call, item)), 409),
        fails="ack.refused.changes-nothing ack.refused.rightful-worker-unharmed",
    ),
    server(
        "refused.dates-stopped-items",
        "A refused ack of a stopped item dates the acknowledgement.",
        ack=leaving(dates, 409),
        fails="ack.refused.changes-nothing",
    ),
    server(
        "refused.401-acts-first",
        "Bad credentials answer 401, and the item is acked.",
        wrap=acting_first,
        fails="ack.refused.changes-nothing",
    ),
)

SERVERS: Sequence[Server] = (*KIND, *NOT_FOUND, *AUTHENTICATION, *AUTHORIZATION, *EFFECTS)
