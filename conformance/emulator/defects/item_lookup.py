"""Defects in how an ack finds its item: the kind of the environment, unknown ids, and ids of other environments."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..authorization import AccessRequirement
from ..configuration import Mutation
from ..errors import ApiError, conflict, internal_error, not_found, not_permitted
from ..operations import Call, Operation, Reply
from ..records import Environment
from ..response_edits import edit_refused_acks, errors
from ..tokens import Principal
from .defect import Defect, defect
from .mutations import before_ack, on_ack_refused, override, replace_ack, rewrite_ack_call, wrap_app
from .requirement_groups import ENVELOPE_SCHEMAS, NOT_FOUND

_Admit = Callable[[Principal, Environment | None, AccessRequirement], Environment]


# Environment kind ---------------------------------------------------------------------------------------------------


def _refusing_kind(error: Callable[[ApiError], ApiError]) -> Mutation:
    """Refuse an environment of the wrong kind with another error."""

    def admit(
        found: _Admit, principal: Principal, environment: Environment | None, demand: AccessRequirement
    ) -> Environment:
        try:
            return found(principal, environment, demand)
        except ApiError as refusal:
            raise (error(refusal) if refusal.status == 400 else refusal) from None

    return override(admit=admit)


KIND = (
    defect(
        "kind.item-first",
        "In an environment that is not self-hosted, the server looks the item up first and does not find it.",
        "在非 self-hosted 的环境中，服务器先查找 item，而找不到它。",
        override(admit=lambda found, who, where, demand: found(who, where, demand & ~AccessRequirement.SELF_HOSTED)),
        fails="ack.environment.not-self-hosted",
    ),
    defect(
        "kind.conflict",
        "An environment of the wrong kind gets 409.",
        "环境类型不符时返回 409。",
        _refusing_kind(lambda refusal: conflict(refusal.message)),
        fails="ack.environment.not-self-hosted",
    ),
    defect(
        "kind.wrong-type",
        "A 400 carries the type `bad_request`.",
        "400 响应的 `error.type` 为 `bad_request`。",
        wrap_app(edit_refused_acks(errors(type="bad_request"), 400)),
        fails=f"ack.environment.not-self-hosted {ENVELOPE_SCHEMAS}",
    ),
)

# Not found ----------------------------------------------------------------------------------------------------------


def _hides(
    found: _Admit, principal: Principal, environment: Environment | None, demand: AccessRequirement
) -> Environment:
    if environment is None:
        raise not_permitted()
    return found(principal, environment, demand)


def _where_it_is(call: Call) -> Call:
    store, work_id = call.service.store, call.path["work_id"]
    for environment in store.environments.values():
        if environment.tenant == call.principal.tenant and store.work_item(environment.id, work_id) is not None:
            return replace(call, path={"environment_id": environment.id, "work_id": work_id})
    return call


def _item_anywhere(ack: Operation) -> Operation:
    """Ack by the work id alone, in any self-hosted environment of the tenant."""

    async def called(call: Call) -> Reply:
        call.environment(AccessRequirement.SELF_HOSTED | AccessRequirement.PERMISSION)
        return await ack(_where_it_is(call))

    return called


def _item_alone(call: Call) -> Call:
    """As `_item_anywhere`, even if the environment in the path does not exist."""
    if call.path["environment_id"] in call.service.store.environments:
        call.environment(AccessRequirement.SELF_HOSTED | AccessRequirement.PERMISSION)
    return _where_it_is(call)


def _is_missing_item(error: ApiError) -> bool:
    return error.status == 404 and error.message == not_found("work item").message


def _nothing_to_do(_call: Call, error: ApiError) -> Reply:
    if _is_missing_item(error):
        return Reply({})
    raise error


def _parses(name: str, prefix: str) -> Mutation:
    """Crash on an id in the path that does not have the published format."""

    def look(call: Call) -> None:
        if not re.fullmatch(f"{prefix}[0-9a-f]{{32}}", call.path[name]):
            raise internal_error()

    return before_ack(look)


UNKNOWN_IDS = (
    defect(
        "not-found.hidden-environment",
        "An unknown environment returns 403, to hide which environments exist.",
        "对未知的环境返回 403，以隐藏哪些环境存在。",
        override(admit=_hides),
        fails="ack.not-found.environment",
    ),
    defect(
        "not-found.item-anywhere",
        "The server looks the item up by its id alone if the environment exists.",
        "只要环境存在，服务器就仅按 id 查找 item。",
        replace_ack(_item_anywhere),
        fails="ack.not-found.other-environment",
    ),
    defect(
        "not-found.environment-ignored",
        "The server looks the item up by its id alone, for any environment in the path.",
        "无论路径中是哪个环境，服务器都仅按 id 查找 item。",
        rewrite_ack_call(_item_alone),
        fails="ack.not-found.environment ack.not-found.other-environment",
    ),
    defect(
        "not-found.nothing-to-do",
        "An ack of an unknown item returns 200 and an empty object.",
        "对未知的 item 执行 ack 返回 200 和空对象。",
        on_ack_refused(_nothing_to_do),
        fails="ack.not-found.work ack.not-found.other-environment",
    ),
    defect(
        "not-found.malformed-500",
        "A malformed work id crashes the server.",
        "格式错误的 work id 使服务器崩溃。",
        _parses("work_id", "work_"),
        fails="ack.not-found.malformed",
    ),
    defect(
        "not-found.malformed-environment-500",
        "A malformed environment id crashes the server.",
        "格式错误的环境 id 使服务器崩溃。",
        _parses("environment_id", "env_"),
        fails="ack.not-found.malformed",
    ),
    defect(
        "not-found.wrong-type",
        "A 404 carries the type `invalid_request_error`.",
        "404 响应的 `error.type` 为 `invalid_request_error`。",
        wrap_app(edit_refused_acks(errors(type="invalid_request_error"), 404)),
        fails=f"{NOT_FOUND} ack.authz.foreign {ENVELOPE_SCHEMAS}",
    ),
)

DEFECTS: Sequence[Defect] = (*KIND, *UNKNOWN_IDS)
