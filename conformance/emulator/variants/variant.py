"""The type of a variant: an unusual but compliant server, as a change to the correct one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from ..configuration import Mutation, ServerConfig
from ..errors import JsonObject
from ..operations import Call, Operation, Reply
from ..tcp_proxy import ProxyConfig, ProxyMutation
from ..work import WorkItem

Profile = Literal["ack", "work"]

ITEM = "/environments/{environment_id}/work/{work_id}"

Rendering = Callable[[WorkItem], JsonObject]


def unchanged_server(server_config: ServerConfig) -> ServerConfig:
    """Return the server configuration unchanged."""
    return server_config


def unchanged_proxy(wire: ProxyConfig) -> ProxyConfig:
    """Return the proxy configuration unchanged."""
    return wire


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A use of one freedom of the documentation. ``en`` and ``zh`` describe it in one sentence each.

    ``profile`` is the only profile that it is for, or None for all: the variants of other operations change nothing that
    profile `ack` judges, and a server with few environments cannot be judged in profile `work`.

    Variants of one ``group`` exclude each other. ``change`` changes the server, ``wire`` the proxy in front of it.
    ``warns`` are the SHOULD requirements that it does not follow. ``skips`` are requirements that cannot be judged on
    it.
    """

    id: str
    en: str
    zh: str
    group: str | None = None
    profile: Profile | None = None
    change: Mutation = unchanged_server
    wire: ProxyMutation = unchanged_proxy
    warns: frozenset[str] = frozenset()
    skips: frozenset[str] = frozenset()


def edit_rendering(change: Callable[[WorkItem, JsonObject], JsonObject]) -> Mutation:
    """Change the rendered work items with ``change``."""

    def override(found: Rendering) -> Rendering:
        return lambda item: change(item, found(item))

    return lambda server_config: server_config.override_policy(render_work_item=override)


def replace_operation(method: str, path: str, change: Callable[[Operation, Call], Awaitable[Reply]]) -> Mutation:
    """Replace an operation. ``change`` gets the original operation and the call."""

    def override(found: Operation) -> Operation:
        async def operation(call: Call) -> Reply:
            return await change(found, call)

        return operation

    return lambda server_config: server_config.replace_operation(method, path, override)


def compose(*changes: Mutation) -> Mutation:
    """Apply several changes, one after another."""

    def change(server_config: ServerConfig) -> ServerConfig:
        for each in changes:
            server_config = each(server_config)
        return server_config

    return change
