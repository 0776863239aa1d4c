"""Departures that most defects are made of: other decisions, other acks, other answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from ..configuration import Departure, Recipe, Wrap
from ..errors import ApiError
from ..operations import Call, Operation, Reply

WORK_ITEM: Final = "/environments/{environment_id}/work/{work_id}"
ACK: Final = f"{WORK_ITEM}/ack"
STOP: Final = f"{WORK_ITEM}/stop"
POLL: Final = "/environments/{environment_id}/work/poll"


def around(**decisions: Callable[..., Any]) -> Departure:
    """Each decision (a field of `Seams`) is taken by a function that is given the one found, then its arguments."""
    return lambda recipe: recipe.deciding(
        **{name: lambda found, decide=decide: partial(decide, found) for name, decide in decisions.items()}
    )


def acking(change: Callable[[Operation], Operation]) -> Departure:
    """Another ack, made of the one that is there."""
    return lambda recipe: recipe.operating("POST", ACK, change)


def before_ack(look: Callable[[Call], object]) -> Departure:
    """`look` sees every ack first, and may refuse it by raising."""

    def change(ack: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            look(call)
            return await ack(call)

        return called

    return acking(change)


def ack_of(change: Callable[[Call], Call]) -> Departure:
    """The ack is handled as if it had been another call."""

    def changed(ack: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            return await ack(change(call))

        return called

    return acking(changed)


def on_ack_refused(react: Callable[[Call, ApiError], Reply]) -> Departure:
    """`react` sees every ack that was refused, and answers it or raises."""

    def change(ack: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            try:
                return await ack(call)
            except ApiError as error:
                return react(call, error)

        return called

    return acking(change)


def getting(change: Callable[[Call, Any], object]) -> Departure:
    """A get shows what `change` makes of the item's payload."""

    def changed(get: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            reply = await get(call)
            return Reply(change(call, reply.payload), reply.status)

        return called

    return lambda recipe: recipe.operating("GET", WORK_ITEM, changed)


def answering(*wraps: Wrap) -> Departure:
    """Wraps around the application, the last one outermost."""

    def change(recipe: Recipe) -> Recipe:
        for wrap in wraps:
            recipe = recipe.wrapped(wrap)
        return recipe

    return change


def together(*departures: Departure) -> Departure:
    """Several departures, one after another."""

    def change(recipe: Recipe) -> Recipe:
        for departure in departures:
            recipe = departure(recipe)
        return recipe

    return change
