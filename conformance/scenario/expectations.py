"""The expected response to each ack of a scenario, and the plain cases that acks are compared with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.arrange.item_spec import ItemSpec
from conformance.text import Text, join

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext


@dataclass(frozen=True, slots=True)
class AllowedResponse:
    """One allowed response: a status, and what its body must contain."""

    status: int
    error_type: str | None = None
    state: str | None = None

    def describe(self) -> Text:
        """Return it in words."""
        words = Text(f"HTTP {self.status}", f"HTTP {self.status}")
        if self.error_type:
            kind = self.error_type
            words = Text(f"{words.en} with error.type `{kind}`", f"{words.zh}，error.type 为 `{kind}`")
        if self.state:
            words = Text(f"{words.en} with state `{self.state}`", f"{words.zh}，state 为 `{self.state}`")
        return words


@dataclass(frozen=True, slots=True)
class Expectation:
    """The allowed responses to the ack of one step, and the requirement that says so.

    - `optional`: the response is a SHOULD; if it differs, nothing depends on it.
    - `depends_on`: an earlier ack without whose expected response this one is not judged.
    - `race`: an ack of a burst, whose response may be lost while the scenario still counts.
    - `item`: the item that is acked, in a scenario of several.
    - `owner_ack_step`: the owning worker's ack in the same state; a refusal counts only if that ack is accepted.
    """

    requirement: str
    allowed: tuple[AllowedResponse, ...]
    optional: bool = False
    depends_on: str | None = None
    race: bool = False
    item: str | None = None
    owner_ack_step: str | None = None

    def allows(self, *, success: bool) -> bool:
        """Return whether the ack may succeed, or may be refused."""
        return any((answer.status == 200) == success for answer in self.allowed)

    def describe(self) -> Text:
        """Return every alternative, in words."""
        return join(Text(", or ", "，或 "), (answer.describe() for answer in self.allowed))


def success(
    requirement: str,
    state: str | None,
    *,
    optional: bool = False,
    depends_on: str | None = None,
    item: str | None = None,
) -> Expectation:
    """Return an expectation of 200 with the item in a state; None if another requirement determines the state."""
    return Expectation(requirement, (AllowedResponse(200, state=state),), optional, depends_on, item=item)


def refusal(requirement: str, *allowed: tuple[int, str]) -> Expectation:
    """Return an expectation of a refusal with one of these (status, error.type) pairs."""
    return Expectation(requirement, tuple(AllowedResponse(status, error_type) for status, error_type in allowed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The plain case that an ack is compared with, and the response that it must get.

    It is sent as the step `control.<name>`, after the scenario's own steps, and only if the ack got an unexpected
    response or the control is `always` sent. If the plain case is wrong in the same way, its own requirement fails, and
    that failure blocks the ack's requirement.
    """

    name: str
    expectation: Expectation
    send: Callable[[ScenarioContext, str], Awaitable[None]]
    always: bool = False

    @property
    def step(self) -> str:
        """The step of its ack."""
        return f"control.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseExpectations:
    """The expectations of a scenario: the allowed responses by ack step, and the item that it needs (`item_spec`).

    `gets` contains pairs of an ack step and the GET step right after it. `controls` contains the plain case for an ack
    step.
    """

    expectations: dict[str, Expectation]
    gets: tuple[tuple[str, str], ...] = ()
    controls: Mapping[str, Control] = field(default_factory=dict)
    item_spec: ItemSpec = field(default_factory=ItemSpec)
