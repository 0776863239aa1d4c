"""The expected response to each judged request of a scenario, and the plain cases that they are compared with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.arrange.item_spec import ItemSpec
from conformance.contract.operations import OperationName
from conformance.text import Text, join

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext


@dataclass(frozen=True, slots=True)
class AllowedResponse:
    """One allowed response: a status, and what its body must contain; with `nothing`, the body must be JSON null."""

    status: int
    error_type: str | None = None
    state: str | None = None
    nothing: bool = False

    def describe(self) -> Text:
        """Return it in words."""
        words = Text(f"HTTP {self.status}", f"HTTP {self.status}")
        if self.error_type:
            kind = self.error_type
            words = Text(f"{words.en} with error.type `{kind}`", f"{words.zh}，error.type 为 `{kind}`")
        if self.state:
            words = Text(f"{words.en} with state `{self.state}`", f"{words.zh}，state 为 `{self.state}`")
        if self.nothing:
            words = Text(f"{words.en} with JSON null", f"{words.zh}，响应体为 JSON null")
        return words


@dataclass(frozen=True, slots=True)
class Expectation:
    """The allowed responses to the request of one step, and the requirement that says so.

    - `operation`: the operation of the request, whose chapters judge the body.
    - `optional`: the response is a SHOULD; if it differs, nothing depends on it.
    - `depends_on`: an earlier request without whose expected response this one is not judged.
    - `race`: a request of a burst, whose response may be lost while the scenario still counts.
    - `item`: the item that is acked, in a scenario of several.
    - `owner_ack_step`: the owning worker's ack in the same state; a refusal counts only if that ack is accepted.
    - `because`: names the values of a transcript (given as a `TranscriptView`) that the expectation rests on; a failure quotes them.
    """

    requirement: str
    allowed: tuple[AllowedResponse, ...]
    optional: bool = False
    depends_on: str | None = None
    race: bool = False
    item: str | None = None
    owner_ack_step: str | None = None
    operation: OperationName = "ack"
    because: Callable[[Any], Text] | None = None

    def allows(self, *, success: bool) -> bool:
        """Return whether the request may succeed, or may be refused."""
        return any(answer.status == 200 if success else answer.status >= 400 for answer in self.allowed)

    @property
    def may_show_body(self) -> bool:
        """Whether a success may have a body other than JSON null."""
        return any(answer.status == 200 and not answer.nothing for answer in self.allowed)

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
    operation: OperationName = "ack",
) -> Expectation:
    """Return an expectation of 200 with the item in a state; None if another requirement determines the state."""
    return Expectation(
        requirement, (AllowedResponse(200, state=state),), optional, depends_on, item=item, operation=operation
    )


def refusal(requirement: str, *allowed: tuple[int, str], operation: OperationName = "ack") -> Expectation:
    """Return an expectation of a refusal with one of these (status, error.type) pairs."""
    return Expectation(
        requirement,
        tuple(AllowedResponse(status, error_type) for status, error_type in allowed),
        operation=operation,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The plain case that a request is compared with, and the response that it must get.

    It is sent as the step `control.<name>`, after the scenario's own steps, and only if the request got an unexpected
    response or the control is `always` sent. If the plain case is wrong in the same way, its own requirement fails, and
    that failure blocks the request's requirement.
    """

    name: str
    expectation: Expectation
    send: Callable[[ScenarioContext, str], Awaitable[None]]
    always: bool = False

    @property
    def step(self) -> str:
        """The step of its request."""
        return f"control.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseExpectations:
    """The expectations of a scenario: the allowed responses by step, and the item that it needs (`item_spec`).

    `gets` contains pairs of an ack step and the GET step right after it. `controls` contains the plain case for a
    step.
    """

    expectations: dict[str, Expectation] = field(default_factory=dict)
    gets: tuple[tuple[str, str], ...] = ()
    controls: Mapping[str, Control] = field(default_factory=dict)
    item_spec: ItemSpec = field(default_factory=ItemSpec)

    @property
    def operations(self) -> tuple[OperationName, ...]:
        """The operations whose responses it judges, each once, in order."""
        return tuple(dict.fromkeys(expectation.operation for expectation in self.expectations.values()))

    def may_get(self, operation: OperationName, *, success: bool) -> bool:
        """Return whether a request of that operation may succeed, or may be refused."""
        return any(
            expectation.allows(success=success)
            for expectation in self.expectations.values()
            if expectation.operation == operation
        )

    def may_show_body(self, operation: OperationName) -> bool:
        """Return whether a successful request of that operation may have a body other than JSON null."""
        return any(each.may_show_body for each in self.expectations.values() if each.operation == operation)
