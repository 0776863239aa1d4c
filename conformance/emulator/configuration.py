"""How a server is put together, as a value that a departure changes and another may change again.

A departure (a defect, which breaks the contract, or a variant, which uses a freedom it leaves) is a function from
a recipe to a recipe. It wraps the decisions, operations and answers that it finds and never starts afresh, so that
departures add up. The healthy server is `Recipe()`.
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
from .override_points import HEALTHY, Seams
from .service import Service
from .tokens import Tokens
from .work import WorkItem

Wrap = Callable[[ASGIApp, Tokens], ASGIApp]
"""Makes another application of one; it may need to know the tokens."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What one server is made of. `wraps` go around the application, the last one outermost."""

    seams: Seams = HEALTHY
    clock: Clock = utc_now
    mint: Callable[[Clock], IdMint] = IdMint
    operations: Operations = field(default_factory=operations)
    wraps: tuple[Wrap, ...] = ()
    api_prefix: str = API_PREFIX

    def deciding(self, **changes: Callable[[Any], Any]) -> "Recipe":
        """Change decisions: each change takes the decision (a field of `Seams`) as it is and gives another."""
        changed: dict[str, Any] = {name: change(getattr(self.seams, name)) for name, change in changes.items()}
        return replace(self, seams=replace(self.seams, **changed))

    def operating(self, method: str, path: str, change: Callable[[Operation], Operation]) -> "Recipe":
        """Change the operation of a path template, which has to be there."""
        table = {template: dict(methods) for template, methods in self.operations.items()}
        table[path][method] = change(table[path][method])
        return replace(self, operations=table)

    def wrapped(self, wrap: Wrap) -> "Recipe":
        """Put one more wrap around the application."""
        return replace(self, wraps=(*self.wraps, wrap))

    def build(self, tokens: Tokens) -> ASGIApp:
        """A new, empty server of this recipe."""
        service = Service.build(tokens=tokens, clock=self.clock, mint=self.mint(self.clock), seams=self.seams)
        app: ASGIApp = build_app(service, self.operations, self.api_prefix)
        for wrap in self.wraps:
            app = wrap(app, tokens)
        return app


Departure = Callable[[Recipe], Recipe]


_TIMES = ("created_at", "acknowledged_at", "started_at", "stop_requested_at", "stopped_at")


def in_microseconds(recipe: Recipe) -> Recipe:
    """Times of work items are shown in microseconds, so that no client has to wait for the next second."""

    def change(render: Callable[[WorkItem], JsonObject]) -> Callable[[WorkItem], JsonObject]:
        def rendered(item: WorkItem) -> JsonObject:
            shown = dict(render(item))
            for name in _TIMES:
                moment = getattr(item, name)
                shown[name] = None if moment is None else microseconds(moment)
            return shown

        return rendered

    return recipe.deciding(render_work_item=change)
