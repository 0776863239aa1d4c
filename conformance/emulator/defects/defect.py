"""What a named defect is: one small departure from the contract, and the requirements that fail because of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..configuration import Mutation, ServerConfig
from ..tcp_proxy import ProxyConfig, ProxyMutation


def unchanged_server(server_config: ServerConfig) -> ServerConfig:
    """No change of the server itself."""
    return server_config


def unchanged_proxy(wire: ProxyConfig) -> ProxyConfig:
    """No change of what is on the wire."""
    return wire


@dataclass(frozen=True, kw_only=True)
class Defect:
    """One way to break the contract.

    `en` and `zh` say in one sentence what this server does wrong. `fails` are the MUST that it breaks and `warns` the
    SHOULD that it does not follow, all of them, by the ids of the requirements; what these block is no matter of
    declaration. `skips` are those that it gives no occasion to judge. `may_fail` are those where chance decides, as in
    a race that this defect is not about. `moves_time` marks a defect that moves a timestamp, so that it has to be seen
    where timestamps are shown in whole seconds as well. `change` is what is wrong in the server, `wire` in the front
    before it.
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

    @property
    def area(self) -> str:
        """The part of the contract that it breaks: what stands before the dot of its id."""
        return self.id.partition(".")[0]

    def broken(self, server_config: ServerConfig) -> ServerConfig:
        """That server with this defect, which lies nearer to the application than what wraps it already."""
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
) -> Defect:
    """A defect; ids of requirements are separated by spaces."""
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
    )
