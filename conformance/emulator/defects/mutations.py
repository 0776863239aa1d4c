"""Mutations that most defects use: other decisions, other acks, other responses."""

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
    """Replace decisions (fields of `Policy`). Each new function gets the original decision and then its arguments."""
    return lambda server_config: server_config.override_policy(
        **{name: lambda found, decide=decide: partial(decide, found) for name, decide in decisions.items()}
    )


def replace_ack(change: Callable[[Operation], Operation]) -> Mutation:
    """Replace the ack by another one, built from the original."""
    return lambda server_config: server_config.replace_operation("POST", ACK, change)


def replace_poll(change: Callable[[Operation], Operation]) -> Mutation:
    """Replace the poll by another one, built from the original."""
    return lambda server_config: server_config.replace_operation("GET", POLL, change)


def before_ack(look: Callable[[Call], object]) -> Mutation:
    """Call `look` before every ack. It may refuse the ack by raising."""

    def change(ack: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            look(call)
            return await ack(call)

        return called

    return replace_ack(change)


def rewrite_ack_call(change: Callable[[Call], Call]) -> Mutation:
    """Handle the ack as the call that `change` returns."""

    def changed(ack: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            return await ack(change(call))

        return called

    return replace_ack(changed)


def on_ack_refused(react: Callable[[Call, ApiError], Reply]) -> Mutation:
    """Call `react` for every refused ack. It returns a response or raises."""

    def change(ack: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            try:
                return await ack(call)
            except ApiError as error:
                return react(call, error)

        return called

    return replace_ack(change)


def replace_get(change: Callable[[Call, Any], object]) -> Mutation:
    """Let a GET return what `change` makes of the item's payload."""

    def changed(get: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            reply = await get(call)
            return Reply(change(call, reply.payload), reply.status)

        return called

    return lambda server_config: server_config.replace_operation("GET", WORK_ITEM, changed)


def wrap_app(*wrappers: AppWrapper) -> Mutation:
    """Wrap the application, with the last wrapper outermost."""

    def change(server_config: ServerConfig) -> ServerConfig:
        for wrap in wrappers:
            server_config = server_config.with_wrapper(wrap)
        return server_config

    return change


def compose(*mutations: Mutation) -> Mutation:
    """Apply several mutations, one after another."""

    def change(server_config: ServerConfig) -> ServerConfig:
        for mutation in mutations:
            server_config = mutation(server_config)
        return server_config

    return change
