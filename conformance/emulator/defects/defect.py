"""The type of a named defect: one small violation of the contract, and the requirements that fail because of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ..configuration import Mutation, ServerConfig
from ..tcp_proxy import ProxyConfig, ProxyMutation


def unchanged_server(server_config: ServerConfig) -> ServerConfig:
    """Return the server configuration unchanged."""
    return server_config


def unchanged_proxy(wire: ProxyConfig) -> ProxyConfig:
    """Return the proxy configuration unchanged."""
    return wire


@dataclass(frozen=True, kw_only=True)
class Defect:
    """A way to violate the contract.

    `en` and `zh` say in one sentence what the server does wrong. `fails` are all MUST requirements that it violates, and
    `warns` all SHOULD requirements, by id. Requirements that these block are not declared. `skips` are requirements that
    cannot be judged on it. `may_fail` are requirements where timing decides, such as races that this defect is not
    about. `blocks` marks a defect of an operation that prepares items, so that checks which need them are inconclusive.
    `moves_time` marks a defect that moves a timestamp: the suite must detect it also if timestamps have whole
    seconds. `change` changes the server, `wire` the proxy in front of it.
    """

    id: str
    en: str
    zh: str
    change: Mutation = unchanged_server
    wire: ProxyMutation = unchanged_proxy
    fails: frozenset[str] = frozenset()
    warns: frozenset[str] = frozenset()
    skips: frozenset[str] = frozenset()
    may_fail: frozenset[str] = frozenset()
    moves_time: bool = False
    blocks: bool = False

    @property
    def area(self) -> str:
        """The part of the contract that it violates: the part of its id before the dot."""
        return self.id.partition(".")[0]

    @property
    def profile(self) -> Literal["ack", "work"]:
        """The smallest profile that detects it: `ack` if it violates a requirement on ack."""
        return "ack" if any(rule.startswith("ack.") for rule in self.fails | self.warns) else "work"

    def apply_to(self, server_config: ServerConfig) -> ServerConfig:
        """Return that server with this defect, inside the wrappers that it already has."""
        changed = self.change(replace(server_config, wrappers=()))
        return replace(changed, wrappers=(*changed.wrappers, *server_config.wrappers))


def defect(
    defect_id: str,
    en: str,
    zh: str,
    change: Mutation = unchanged_server,
    *,
    wire: ProxyMutation = unchanged_proxy,
    fails: str = "",
    warns: str = "",
    skips: str = "",
    may_fail: str = "",
    moves_time: bool = False,
    blocks: bool = False,
) -> Defect:
    """Return a defect. Requirement ids are separated by spaces."""
    return Defect(
        id=defect_id,
        en=en,
        zh=zh,
        change=change,
        wire=wire,
        fails=frozenset(fails.split()),
        warns=frozenset(warns.split()),
        skips=frozenset(skips.split()),
        may_fail=frozenset(may_fail.split()),
        moves_time=moves_time,
        blocks=blocks,
    )
