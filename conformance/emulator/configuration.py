"""How a server is put together, as a value that a departure changes and another may change again.

A departure (a defect, which breaks the contract, or a variant, which uses a freedom it leaves) is a function from
a recipe to a recipe. It wraps the decisions, operations and answers that it finds and never starts afresh, so that
departures add up. The healthy server is `ServerConfig()`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.types import ASGIApp

from .app import API_PREFIX, build_app, operations
from .clock import Clock, microseconds, utc_now
from .errors import JsonObject
from .ids import IdMint
from .operations import Operation, Operations
from .override_points import DEFAULT_POLICY, Policy
from .service import Service
from .tokens import Tokens
from .work import WorkItem

AppWrapper = Callable[[ASGIApp, Tokens], ASGIApp]
"""Makes another application of one; it may need to know the tokens."""


@dataclass(frozen=True, kw_only=True)
class ServerConfig:
    """What one server is made of. `wrappers` go around the application, the last one outermost."""

    policy: Policy = DEFAULT_POLICY
    clock: Clock = utc_now
    mint: Callable[[Clock], IdMint] = IdMint
    operations: Operations = field(default_factory=operations)
    wrappers: tuple[AppWrapper, ...] = ()
    api_prefix: str = API_PREFIX

    def override_policy(self, **changes: Callable[[Any], Any]) -> "ServerConfig":
        """Change decisions: each change takes the decision (a field of `Policy`) as it is and gives another."""
        changed: dict[str, Any] = {name: change(getattr(self.policy, name)) for name, change in changes.items()}
        return replace(self, policy=replace(self.policy, **changed))

    def replace_operation(self, method: str, path: str, change: Callable[[Operation], Operation]) -> "ServerConfig":
        """Change the operation of a path template, which has to be there."""
        table = {template: dict(methods) for template, methods in self.operations.items()}
        table[path][method] = change(table[path][method])
        return replace(self, operations=table)

    def with_wrapper(self, wrap: AppWrapper) -> "ServerConfig":
        """Put one more wrap around the application."""
        return replace(self, wrappers=(*self.wrappers, wrap))

    def build(self, tokens: Tokens) -> ASGIApp:
        """A new, empty server of this recipe."""
        service = Service.build(tokens=tokens, clock=self.clock, mint=self.mint(self.clock), policy=self.policy)
        app: ASGIApp = build_app(service, self.operations, self.api_prefix)
        for wrap in self.wrappers:
            app = wrap(app, tokens)
        return app


Mutation = Callable[[ServerConfig], ServerConfig]


_TIMES = ("created_at", "acknowledged_at", "started_at", "stop_requested_at", "stopped_at")


def use_microseconds(server_config: ServerConfig) -> ServerConfig:
    """Times of work items are shown in microseconds, so that no client has to wait for the next second."""

    def change(render: Callable[[WorkItem], JsonObject]) -> Callable[[WorkItem], JsonObject]:
        def rendered(item: WorkItem) -> JsonObject:
            shown = dict(render(item))
            for name in _TIMES:
                moment = getattr(item, name)
                shown[name] = None if moment is None else microseconds(moment)
            return shown

        return rendered

    return server_config.override_policy(render_work_item=change)
