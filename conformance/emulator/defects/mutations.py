"""Departures that most defects are made of: other decisions, other acks, other answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from ..configuration import AppWrapper, Mutation, ServerConfig
from ..errors import ApiError
from ..operations import Call, Operation, Reply

WORK_ITEM: Final = "/environments/{environment_id}/work/{work_id}"
ACK: Final = f"{WORK_ITEM}/ack"
STOP: Final = f"{WORK_ITEM}/stop"
POLL: Final = "/environments/{environment_id}/work/poll"


def override(**decisions: Callable[..., Any]) -> Mutation:
    """Each decision (a field of `Policy`) is taken by a function that is given the one found, then its arguments."""
    return lambda server_config: server_config.override_policy(
        **{name: lambda found, decide=decide: partial(decide, found) for name, decide in decisions.items()}
    )


def replace_ack(change: Callable[[Operation], Operation]) -> Mutation:
    """Another ack, made of the one that is there."""
    return lambda server_config: server_config.replace_operation("POST", ACK, change)


def before_ack(look: Callable[[Call], object]) -> Mutation:
    """`look` sees every ack first, and may refuse it by raising."""

    def change(ack: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            look(call)
            return await ack(call)

        return called

    return replace_ack(change)


def rewrite_ack(change: Callable[[Call], Call]) -> Mutation:
    """The ack is handled as if it had been another call."""

    def changed(ack: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            return await ack(change(call))

        return called

    return replace_ack(changed)


def on_ack_refused(react: Callable[[Call, ApiError], Reply]) -> Mutation:
    """`react` sees every ack that was refused, and answers it or raises."""

    def change(ack: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            try:
                return await ack(call)
            except ApiError as error:
                return react(call, error)

        return called

    return replace_ack(change)


def replace_get(change: Callable[[Call, Any], object]) -> Mutation:
    """A get shows what `change` makes of the item's payload."""

    def changed(get: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            reply = await get(call)
            return Reply(change(call, reply.payload), reply.status)

        return called

    return lambda server_config: server_config.replace_operation("GET", WORK_ITEM, changed)


def wrap_app(*wrappers: AppWrapper) -> Mutation:
    """Wraps around the application, the last one outermost."""

    def change(server_config: ServerConfig) -> ServerConfig:
        for wrap in wrappers:
            server_config = server_config.with_wrapper(wrap)
        return server_config

    return change


def compose(*departures: Mutation) -> Mutation:
    """Several departures, one after another."""

    def change(server_config: ServerConfig) -> ServerConfig:
        for departure in departures:
            server_config = departure(server_config)
        return server_config

    return change
