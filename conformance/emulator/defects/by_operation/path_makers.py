"""Ways to accept a path that an operation must refuse, or to act on its item before the refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from ...authorization import AccessRequirement
from ...configuration import Mutation
from ...errors import ApiError
from ...operations import Call, Operation, Reply
from ...records import Environment
from ..mutations import POLL, STOP, WORK_ITEM, compose

_ENVIRONMENT: Final = "/environments/{environment_id}"
_WORK: Final = f"{_ENVIRONMENT}/work"

TEMPLATES: Final = {
    "poll": ("GET", POLL),
    "list": ("GET", _WORK),
    "get": ("GET", WORK_ITEM),
    "update": ("POST", WORK_ITEM),
    "heartbeat": ("POST", f"{WORK_ITEM}/heartbeat"),
    "stop": ("POST", STOP),
    "stats": ("GET", f"{_WORK}/stats"),
}
"""The method and the path template of each operation besides ack."""


@dataclass(frozen=True)
class _AnyKind(Call):
    """A call that does not check the kind of its environment."""

    def environment(self, demand: AccessRequirement = AccessRequirement.NOTHING) -> Environment:
        return super().environment(demand & ~AccessRequirement.SELF_HOSTED)


@dataclass(frozen=True)
class _AnyEnvironment(Call):
    """A call that takes the name of an unknown environment for that of an empty one."""

    def environment(self, demand: AccessRequirement = AccessRequirement.NOTHING) -> Environment:
        environment_id = self.path["environment_id"]
        if environment_id in self.service.store.environments:
            return super().environment(demand)
        now = self.service.resources.clock()
        return Environment(
            id=environment_id,
            tenant=self.principal.tenant,
            name=environment_id,
            config={"type": "self_hosted"},
            created_at=now,
            updated_at=now,
        )


def _as(kind: type[Call], call: Call) -> Call:
    """Return the same call as another kind of call."""
    return kind(
        service=call.service,
        principal=call.principal,
        path=call.path,
        query=call.query,
        headers=call.headers,
        body=call.body,
    )


def _replacing(change: Callable[[Operation], Operation]) -> Callable[[str], Mutation]:
    """Return a kind that replaces the operation."""

    def make(operation: str) -> Mutation:
        method, path = TEMPLATES[operation]
        return lambda server_config: server_config.replace_operation(method, path, change)

    return make


def _place_of(call: Call, work_id: str) -> str | None:
    """Return the environment of an item, whatever environment the path names."""
    store = call.service.store
    return next((each for each in store.environments if store.work_item(each, work_id) is not None), None)


def _in_any_kind(handle: Operation) -> Operation:
    async def called(call: Call) -> Reply:
        return await handle(_as(_AnyKind, call))

    return called


def _in_unknown_environments(handle: Operation) -> Operation:
    async def called(call: Call) -> Reply:
        if call.path["environment_id"] in call.service.store.environments:
            return await handle(call)
        place = _place_of(call, call.path["work_id"]) if "work_id" in call.path else None
        if place is not None:
            return await handle(replace(call, path={**call.path, "environment_id": place}))
        return await handle(_as(_AnyEnvironment, call))

    return called


def _nothing_for_unknown_items(handle: Operation) -> Operation:
    async def called(call: Call) -> Reply:
        try:
            return await handle(call)
        except ApiError as error:
            if (error.status, error.param) == (404, "work_id"):
                return Reply({})
            raise

    return called


def _before_404(handle: Operation) -> Operation:
    async def called(call: Call) -> Reply:
        try:
            return await handle(call)
        except ApiError as error:
            place = _place_of(call, call.path["work_id"])
            if error.status == 404 and place is not None and call.principal.may_act:
                await handle(replace(call, path={**call.path, "environment_id": place}))
            raise

    return called


accepts_any_kind = _replacing(_in_any_kind)
"""Ignore whether the environment is self-hosted."""

accepts_unknown_environments = _replacing(_in_unknown_environments)
"""Find an item by its id alone, and nothing else, where the environment does not exist."""

accepts_unknown_items = _replacing(_nothing_for_unknown_items)
"""Return an empty object for an item that does not exist."""

acts_before_404 = _replacing(_before_404)
"""Refuse the path of another environment, although the operation has taken effect on the item."""


def every_environment_exists(operation: str) -> Mutation:
    """Accept unknown environments, and show one under any id."""
    return compose(
        accepts_unknown_environments(operation),
        lambda server_config: server_config.replace_operation("GET", _ENVIRONMENT, _in_unknown_environments),
    )
