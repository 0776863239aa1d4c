"""Broken in what is refused: environment kind, unknown ids, effects of a refusal."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import Receive, Scope, Send

from conformance.emulator import Tokens
from conformance.emulator.admission import Demand, admit
from conformance.emulator.auth import Principal
from conformance.emulator.errors import (
    ApiError,
    conflict,
    internal_error,
    not_found,
    not_permitted,
)
from conformance.emulator.operations import Call, Reply
from conformance.emulator.records import Environment
from conformance.emulator.routes_work import ack as healthy_ack
from conformance.emulator.work import State, WorkItem
from tests.broken.answers import App, answered, errors, on_refusal, sent
from tests.broken.model import Server, server
from tests.broken.requirements import (
    ENVELOPE_SCHEMAS,
    NOT_FOUND,
)

Authenticate = Callable[[Tokens, Sequence[str]], Principal]

OWNER = Principal("main", may_act=True)


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
        within="environment-kind",
    ),
    server(
        "kind.wrong-type",
        "A 400 carries the type `bad_request`.",
        wrap=on_refusal(errors(type="bad_request"), 400),
        fails=f"ack.environment.not-self-hosted {ENVELOPE_SCHEMAS}",
        within="environment-kind",
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


UNKNOWN_IDS = (
    server(
        "not-found.hidden-environment",
        "An unknown environment answers 403, so that nobody learns which exist.",
        admit=hides_behind_403,
        fails="ack.not-found.environment ack.not-found.malformed",
        within="not-found",
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
        within="not-found",
    ),
    server(
        "not-found.malformed-500",
        "A malformed work id crashes the server.",
        ack=parses_ids,
        fails="ack.not-found.malformed",
        within="not-found",
    ),
    server(
        "not-found.wrong-type",
        "A 404 carries the type `invalid_request_error`.",
        wrap=on_refusal(errors(type="invalid_request_error"), 404),
        fails=f"{NOT_FOUND} ack.authz.foreign {ENVELOPE_SCHEMAS}",
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
        within="terminal-states",
    ),
    server(
        "refused.401-acts-first",
        "Bad credentials answer 401, and the item is acked.",
        wrap=acting_first,
        fails="ack.refused.changes-nothing",
        within="authentication",
    ),
)

SERVERS: Sequence[Server] = (*KIND, *UNKNOWN_IDS, *EFFECTS)
