"""What a variant is: a server that is odd and keeps the contract, as a change to the healthy one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ..configuration import Departure, Recipe
from ..errors import JsonObject
from ..operations import Call, Operation, Reply
from ..tcp_proxy import Rewiring, Wire
from ..work import WorkItem

ITEM = "/environments/{environment_id}/work/{work_id}"

Rendering = Callable[[WorkItem], JsonObject]


def same_recipe(recipe: Recipe) -> Recipe:
    """No change of the server itself."""
    return recipe


def same_wire(wire: Wire) -> Wire:
    """No change of what is on the wire."""
    return wire


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One use of a freedom that the documentation leaves. ``en`` and ``zh`` say it in one sentence each.

    Variants of one ``group`` exclude each other. ``change`` is what differs in the server, ``wire`` in the front
    before it. ``warns`` are the recommendations that it does not follow, ``skips`` the requirements that it gives
    no occasion to judge.
    """

    id: str
    en: str
    zh: str
    group: str | None = None
    change: Departure = same_recipe
    wire: Rewiring = same_wire
    warns: frozenset[str] = frozenset()
    skips: frozenset[str] = frozenset()


def rendering(change: Callable[[WorkItem, JsonObject], JsonObject]) -> Departure:
    """Work items are shown as ``change`` makes them of what was shown before."""

    def around(found: Rendering) -> Rendering:
        return lambda item: change(item, found(item))

    return lambda recipe: recipe.deciding(render_work_item=around)


def operating(method: str, path: str, change: Callable[[Operation, Call], Awaitable[Reply]]) -> Departure:
    """One operation is replaced: ``change`` is given the one that was there, and the call."""

    def around(found: Operation) -> Operation:
        async def operation(call: Call) -> Reply:
            return await change(found, call)

        return operation

    return lambda recipe: recipe.operating(method, path, around)


def together(*changes: Departure) -> Departure:
    """Several changes, one after the other."""

    def change(recipe: Recipe) -> Recipe:
        for each in changes:
            recipe = each(recipe)
        return recipe

    return change
