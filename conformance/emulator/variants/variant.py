"""What a variant is: a server that is odd and keeps the contract, as a change to the healthy one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ..configuration import Mutation, ServerConfig
from ..errors import JsonObject
from ..operations import Call, Operation, Reply
from ..tcp_proxy import ProxyConfig, ProxyMutation
from ..work import WorkItem

ITEM = "/environments/{environment_id}/work/{work_id}"

Rendering = Callable[[WorkItem], JsonObject]


def unchanged_server(server_config: ServerConfig) -> ServerConfig:
    """No change of the server itself."""
    return server_config


def unchanged_proxy(wire: ProxyConfig) -> ProxyConfig:
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
    change: Mutation = unchanged_server
    wire: ProxyMutation = unchanged_proxy
    warns: frozenset[str] = frozenset()
    skips: frozenset[str] = frozenset()


def edit_rendering(change: Callable[[WorkItem, JsonObject], JsonObject]) -> Mutation:
    """Work items are shown as ``change`` makes them of what was shown before."""

    def override(found: Rendering) -> Rendering:
        return lambda item: change(item, found(item))

    return lambda server_config: server_config.override_policy(render_work_item=override)


def replace_operation(method: str, path: str, change: Callable[[Operation, Call], Awaitable[Reply]]) -> Mutation:
    """One operation is replaced: ``change`` is given the one that was there, and the call."""

    def override(found: Operation) -> Operation:
        async def operation(call: Call) -> Reply:
            return await change(found, call)

        return operation

    return lambda server_config: server_config.replace_operation(method, path, override)


def compose(*changes: Mutation) -> Mutation:
    """Several changes, one after the other."""

    def change(server_config: ServerConfig) -> ServerConfig:
        for each in changes:
            server_config = each(server_config)
        return server_config

    return change
