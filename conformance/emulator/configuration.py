"""The configuration of a server, as a value that mutations change.

A mutation is a function from a configuration to a configuration. It is either a defect, which violates the contract, or
a variant, which uses a freedom of the contract. A mutation wraps the existing decisions, operations and responses, so
that several mutations combine. The correct server is `ServerConfig()`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from .app import API_PREFIX, build_app, operations
from .clock import Clock, microseconds, utc_now
from .errors import JsonObject
from .event_stream import asks_for_stream
from .ids import IdGenerator
from .operations import Operation, Operations
from .override_points import DEFAULT_POLICY, Policy
from .service import Service
from .tokens import Tokens
from .work import WorkItem

AppWrapper = Callable[[ASGIApp, Tokens], ASGIApp]
"""Wraps an application; some wrappers need the tokens."""


@dataclass(frozen=True, kw_only=True)
class ServerConfig:
    """The parts of a server. `wrappers` wrap the application, with the last one outermost."""

    policy: Policy = DEFAULT_POLICY
    clock: Clock = utc_now
    mint: Callable[[Clock], IdGenerator] = IdGenerator
    operations: Operations = field(default_factory=operations)
    wrappers: tuple[AppWrapper, ...] = ()
    api_prefix: str = API_PREFIX

    def override_policy(self, **changes: Callable[[Any], Any]) -> "ServerConfig":
        """Change decisions (fields of `Policy`): each change gets the current decision and returns another."""
        changed: dict[str, Any] = {name: change(getattr(self.policy, name)) for name, change in changes.items()}
        return replace(self, policy=replace(self.policy, **changed))

    def replace_operation(self, method: str, path: str, change: Callable[[Operation], Operation]) -> "ServerConfig":
        """Change the operation of an existing path template."""
        table = {template: dict(methods) for template, methods in self.operations.items()}
        table[path][method] = change(table[path][method])
        return replace(self, operations=table)

    def with_wrapper(self, wrap: AppWrapper) -> "ServerConfig":
        """Add a wrapper around the application."""
        return replace(self, wrappers=(*self.wrappers, wrap))

    def build(self, tokens: Tokens) -> ASGIApp:
        """Return a new, empty server with this configuration."""
        service = Service.build(tokens=tokens, clock=self.clock, mint=self.mint(self.clock), policy=self.policy)
        unwrapped: ASGIApp = build_app(service, self.operations, self.api_prefix)
        app = unwrapped
        for wrap in self.wrappers:
            app = wrap(app, tokens)
        return _streaming_past(app, unwrapped) if self.wrappers else app


def _streaming_past(wrapped: ASGIApp, unwrapped: ASGIApp) -> ASGIApp:
    """Keep the wrappers away from streams of events: most of them wait for the end of a response."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        accept = Headers(scope=scope).get("accept") if scope["type"] == "http" else None
        streams = scope["type"] == "http" and asks_for_stream(scope["method"], scope["path"], accept)
        await (unwrapped if streams else wrapped)(scope, receive, send)

    return app


Mutation = Callable[[ServerConfig], ServerConfig]


_TIMES = ("created_at", "acknowledged_at", "started_at", "stop_requested_at", "stopped_at")


def use_microseconds(server_config: ServerConfig) -> ServerConfig:
    """Show work item times in microseconds, so that no client has to wait for the next second."""

    def change(render: Callable[[WorkItem], JsonObject]) -> Callable[[WorkItem], JsonObject]:
        def rendered(item: WorkItem) -> JsonObject:
            shown = dict(render(item))
            for name in _TIMES:
                moment = getattr(item, name)
                shown[name] = None if moment is None else microseconds(moment)
            return shown

        return rendered

    return server_config.override_policy(render_work_item=change)
