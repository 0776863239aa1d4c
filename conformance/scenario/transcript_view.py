"""A check's view of a transcript: exchanges by step, bodies parsed once, and reasons for what cannot be judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.contract.model import PHASES
from conformance.contract.operations import OperationName
from conformance.contract.strict_json import NotStrictJson, parse
from conformance.exchange import Exchange, Response, Transcript
from conformance.scenario.controls import is_unexpected, owner_was_accepted, same_outcome
from conformance.scenario.expectations import CaseExpectations, Expectation
from conformance.target import MAX_BODY
from conformance.text import Text

ARRANGING_ACK: Final = "arrange.ack"
"""The step of the ack that takes an item to `starting` before the scenario itself begins."""

LEASE_GAP: Final = 5.0
"""Seconds between two reads beyond which an item may have changed by itself (lease durations are undocumented)."""


class CannotJudge(Exception):
    """A requirement cannot be judged on this transcript: inconclusive."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


class Blocked(CannotJudge):
    """It cannot be judged because of another requirement's failure."""

    def __init__(self, requirement: str, reason: Text) -> None:
        super().__init__(reason)
        self.requirement = requirement


def undocumented_state_error(state: str) -> CannotJudge:
    """Return why a GET that shows this state, named in the target's own words, cannot be judged."""
    return CannotJudge(
        Text("a GET shows `{state}`, which is undocumented", "GET 显示 `{state}`，文档中没有该状态").format(
            state=state[:20]
        )
    )


class NotExercised(CannotJudge):
    """The target did not offer what the requirement needs, or an optional input was not given."""


class NotTriggered(NotExercised):
    """What the requirement is about did not happen, so no other result of it counts here."""


class SuiteError(CannotJudge):
    """The suite itself failed in this scenario."""


class TranscriptView:
    """One transcript of one scenario, as checks read it."""

    def __init__(self, scenario: CaseExpectations, transcript: Transcript) -> None:
        self.scenario = scenario
        self.transcript = transcript
        self._bodies: dict[str, Any] = {}

    def exchange(self, step: str) -> Exchange:
        """Return the exchange of a step.

        Raises:
            CannotJudge: the scenario ended before it, or its response was lost; the reason says which.
        """
        exchange = self.transcript.find(step)
        if exchange is None or exchange.outcome != "ok":
            raise self._absence(step)
        return exchange

    def response(self, step: str) -> Response:
        """Return the response to a step; errors as in `exchange`."""
        response = self.exchange(step).response
        assert response is not None
        return response

    def operation(self, step: str) -> OperationName:
        """Return the operation of a judged step."""
        return self.scenario.expectations[step].operation

    def judged_steps(self, operation: OperationName, *, success: bool) -> Iterator[tuple[str, Expectation]]:
        """Yield the requests of an operation that may succeed, or that may be refused, in the order of the steps.

        Requests of a burst whose responses were lost are left out: there, an unknown outcome is one more possible outcome.
        """
        for step, expectation in self.scenario.expectations.items():
            if expectation.operation == operation and expectation.allows(success=success) and not self.is_omitted(step):
                yield step, expectation

    def is_omitted(self, step: str) -> bool:
        """Return whether a step is not judged: lost in a burst, or not needed because the item was prepared elsewhere.

        An earlier version of the suite may have sent fewer requests in the race. Requests that the transcript does not
        list are left out as well.
        """
        if step == ARRANGING_ACK and self.is_item_prepared_elsewhere():
            return True
        if not self.scenario.expectations[step].race:
            return False
        race = self.transcript.facts.get("race")
        return self.is_response_lost(step) or (race is not None and step not in race["operations"])

    def is_response_lost(self, step: str) -> bool:
        """Return whether a step was sent without a response that can be judged."""
        exchange = self.transcript.find(step)
        return exchange is not None and exchange.outcome != "ok"

    def expected_response(self, step: str) -> Response:
        """Return the response to a judged request, if its status is one that the request's requirement allows.

        Raises:
            Blocked: it has another status, which is a failure of that requirement.
            NotExercised: it has another status than a SHOULD asks for.
            CannotJudge: there is no response.
        """
        expectation = self.scenario.expectations[step]
        if expectation.depends_on is not None:
            self.expected_response(expectation.depends_on)
        response = self.response(step)
        if response.status not in {answer.status for answer in expectation.allowed}:
            reason = Text(
                "the {operation} `{step}` returned HTTP {status}", "步骤 `{step}` 的 {operation} 返回了 HTTP {status}"
            ).format(operation=expectation.operation, step=step, status=response.status)
            if expectation.optional:
                raise NotExercised(reason)
            raise Blocked(self._plain_failure(step) or expectation.requirement, reason)
        return response

    def require_unlike_control(self, step: str) -> None:
        """Check that an unexpected response to a request differs from the response to the plain case.

        Raises:
            Blocked: it does not differ, so the plain case's requirement fails.
        """
        requirement = self._plain_failure(step)
        if requirement is not None:
            reason = Text(
                "the control (the same ack in the plain case) gets the same response",
                "对照（相应的普通情形）也得到同样的响应",
            )
            raise Blocked(requirement, reason)

    def require_meaningful_refusal(self, step: str) -> None:
        """Check that a refusal is meaningful: the owning worker's ack in the same state is not refused as well.

        Raises:
            Blocked: it is refused as well, so the target does not compare workers.
        """
        refusal = self.scenario.expectations[step]
        controls = self.scenario.controls
        owner_ack_step = refusal.owner_ack_step
        control = next((each for name, each in controls.items() if owner_ack_step in {name, each.step}), None)
        if owner_ack_step is None or control is None or self.transcript.find(control.step) is None:
            return  # nothing to compare with: the owning worker's ack is judged separately
        owners = [found for name in (owner_ack_step, control.step) if (found := self.transcript.find(name)) is not None]
        if all(owner_was_accepted(refusal, owner) is False for owner in owners):
            reason = Text(
                "the owning worker's ack is refused in that state as well",
                "在该状态下，拥有该 item 的 worker 的 ack 也被拒绝",
            )
            raise Blocked(control.expectation.requirement, reason)

    def _plain_failure(self, step: str) -> str | None:
        """Return the requirement of the plain case for a request, if both were wrong in the same way."""
        control = self.scenario.controls.get(step)
        if control is None:
            return None
        plain, mine = self.transcript.find(control.step), self.transcript.find(step)
        if plain is None or mine is None or not same_outcome(plain, mine):
            return None
        wrong = is_unexpected(control.expectation, plain) and is_unexpected(self.scenario.expectations[step], mine)
        return control.expectation.requirement if wrong else None

    def body(self, step: str) -> Any:
        """Return the JSON value of the response to a step.

        Raises:
            Blocked: the body of a judged request is not strict JSON, which is another requirement's failure.
            CannotJudge: another operation's body cannot be read.
        """
        if step not in self._bodies:
            self._bodies[step] = self._parsed(step)
        return self._bodies[step]

    def expected_object(self, step: str) -> dict[str, Any]:
        """Return the JSON object of the response to a judged request, if its status is as expected.

        Raises:
            Blocked: another requirement's failure blocks it.
            CannotJudge: there is no response.
        """
        self.expected_response(step)
        return self._object(step)

    def item(self, step: str) -> dict[str, Any]:
        """Return the item in the response to a GET or poll; the target's own state names are mapped.

        Raises:
            CannotJudge: the response was not 200 with a JSON object.
        """
        exchange = self.exchange(step)
        if self.response(step).status != 200:
            raise CannotJudge(
                Text("{operation} returned HTTP {status}", "{operation} 返回了 HTTP {status}").format(
                    operation=exchange.operation, status=self.response(step).status
                )
            )
        item = self._object(step)
        state = item.get("state")
        return {**item, "state": self.map_state(state)} if isinstance(state, str) else item

    def map_state(self, state: str | None) -> str | None:
        """Return the documented state that the target's own name is mapped to, or else the state itself."""
        return state if state is None else self.transcript.state_mapping.get(state, state)

    def shown_undocumented_state(self, step: str) -> str | None:
        """Return the state that a GET or poll shows, if it is undocumented; errors as in `item`."""
        state = self.item(step).get("state")
        return state if isinstance(state, str) and state not in PHASES else None

    def documented_state(self, step: str) -> str | None:
        """Return the state that a GET or poll shows; None if it is undocumented; errors as in `item`."""
        state = self.item(step).get("state")
        return state if state in PHASES else None

    def fact(self, name: str) -> Any:
        """Return a fact that the scenario records on its way.

        Raises:
            CannotJudge: the scenario ended before.
        """
        if name not in self.transcript.facts:
            raise self._absence(name)
        return self.transcript.facts[name]

    def is_item_prepared_elsewhere(self) -> bool:
        """Whether the item was prepared elsewhere in its state, so that no ack of the suite brought it there."""
        return bool(self.transcript.facts.get("arranged_by", "api") != "api")

    def acked_item_facts(self, step: str) -> Mapping[str, Any]:
        """Return the transcript's facts on the item of an ack step: its ids, its worker, where it was seen."""
        name = self.scenario.expectations[step].item
        facts = self.transcript.facts
        found: Mapping[str, Any] = facts if name is None else facts.get("items", {}).get(name, {})
        return found

    def polled_item(self, ack: str | None = None) -> dict[str, Any]:
        """Return the item as poll returned it (or GET, if the suite does not poll); errors as in `item`.

        With `ack`, it is the item of that ack step, in a scenario of several.
        """
        step = (self.transcript.facts if ack is None else self.acked_item_facts(ack)).get("seen_by")
        if not isinstance(step, str):
            raise self._absence("arrange.poll")
        return self.item(step)

    def seconds_between(self, earlier: str, later: str) -> float:
        """Return the seconds from sending one step to receiving the response to another."""
        return self.exchange(later).completed - self.exchange(earlier).invoked

    def _object(self, step: str) -> dict[str, Any]:
        body = self.body(step)
        if not isinstance(body, dict):
            reason = Text("the response to `{step}` is not a JSON object", "步骤 `{step}` 的响应不是 JSON 对象").format(
                step=step
            )
            raise self._unreadable(step, "schema-en", reason)
        return body

    def _parsed(self, step: str) -> Any:
        body = self.response(step).body
        if body.problem == "too-large":
            raise CannotJudge(
                Text("the response exceeds the suite's limit of {n} KiB", "响应超过套件的上限（{n} KiB）").format(
                    n=MAX_BODY >> 10
                )
            )
        reason = Text("the response to `{step}` is not readable JSON", "步骤 `{step}` 的响应不是可读的 JSON").format(
            step=step
        )
        if body.problem:
            raise self._unreadable(step, "strict-json", reason)
        try:
            return parse(body.text)
        except NotStrictJson:
            raise self._unreadable(step, "strict-json", reason) from None

    def _unreadable(self, step: str, rule: str, reason: Text) -> CannotJudge:
        expectation = self.scenario.expectations.get(step)
        if expectation is None:
            return CannotJudge(reason)
        part = "answer" if self.response(step).status == 200 else "envelope"
        return Blocked(f"{expectation.operation}.{part}.{rule}", reason)

    def _absence(self, step: str) -> CannotJudge:
        """Return why a step has no response."""
        ending = self.transcript.ending
        reason = ending.reason or Text("the scenario ended before `{step}`", "场景在步骤 `{step}` 之前就已结束").format(
            step=step
        )
        if ending.kind == "suite-error":
            return SuiteError(reason)
        if ending.kind == "not-exercised":
            return NotExercised(reason)
        if ending.step is not None and not self.is_response_lost(ending.step):
            found = self.precondition_failure(reason)
            cause = self._requirement_of(ending.step) if ending.kind == "precondition" else None
            return Blocked(cause, reason) if cause is not None and not isinstance(found, Blocked) else found
        return CannotJudge(reason)

    def precondition_failure(self, reason: Text) -> CannotJudge:
        """Return why an item in the wrong state cannot be judged: an earlier ack may have had a wrong response."""
        cause = self._wrong_on_the_way()
        return CannotJudge(reason) if cause is None else Blocked(cause, reason)

    def _wrong_on_the_way(self) -> str | None:
        """Return the requirement of the first ack with an unexpected response: everything after it depends on it."""
        for step, expectation in self.scenario.expectations.items():
            if not expectation.optional and not expectation.race and not self._as_allowed(step, expectation):
                return expectation.requirement
        return None

    def _as_allowed(self, step: str, expectation: Expectation) -> bool:
        """Return whether an ack's response has an allowed status, and the state that belongs to it.

        An ack without a response, or whose state cannot be read, counts as allowed.
        """
        exchange = self.transcript.find(step)
        if exchange is None or exchange.response is None:
            return True
        states = [answer.state for answer in expectation.allowed if answer.status == exchange.response.status]
        if not states or None in states:
            return bool(states)
        try:
            body = self.body(step)
        except CannotJudge:
            return True
        state = body.get("state") if isinstance(body, dict) else None
        return not isinstance(state, str) or state in states

    def _requirement_of(self, step: str) -> str | None:
        expectation = self.scenario.expectations.get(step)
        if expectation is not None:
            return expectation.requirement
        return "ack.answer.get-agrees" if step in {get for _, get in self.scenario.gets} else None
