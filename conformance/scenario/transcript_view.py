"""What a check sees of a transcript: exchanges by step, bodies read once, honest reasons where nothing can be said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.contract.model import PHASES
from conformance.contract.strict_json import NotStrictJson, parse
from conformance.exchange import Exchange, Response, Transcript
from conformance.scenario.controls import is_unexpected, owner_was_accepted, same_outcome
from conformance.scenario.expectations import CaseExpectations, Expectation
from conformance.target import MAX_BODY
from conformance.text import Text

ARRANGING_ACK: Final = "arrange.ack"
"""The step of the ack that takes an item to `starting` before the case itself begins."""

LEASE_GAP: Final = 5.0
"""Seconds between two reads beyond which an item may have changed by itself (leases are undocumented)."""


class CannotJudge(Exception):
    """A requirement cannot be judged on this transcript: inconclusive."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


class Blocked(CannotJudge):
    """It cannot be judged because another requirement failed first."""

    def __init__(self, requirement: str, reason: Text) -> None:
        super().__init__(reason)
        self.requirement = requirement


def undocumented_state(state: str) -> CannotJudge:
    """Why what a get shows cannot be judged, in the target's own words."""
    return CannotJudge(
        Text("a get shows `{state}`, which no page documents", "get 显示 `{state}`，文档中没有该状态").format(
            state=state[:20]
        )
    )


class NotExercised(CannotJudge):
    """The target did not offer what the requirement is about, or an optional input was not given."""


class NoOccasion(NotExercised):
    """What the requirement is about did not come about, so that whatever else is judged of it here says nothing."""


class SuiteError(CannotJudge):
    """The suite itself broke in this conversation."""


class TranscriptView:
    """One transcript of one scenario, as checks read it."""

    def __init__(self, scenario: CaseExpectations, transcript: Transcript) -> None:
        self.scenario = scenario
        self.transcript = transcript
        self._bodies: dict[str, Any] = {}

    def exchange(self, step: str) -> Exchange:
        """The exchange of a step.

        Raises:
            Unjudged: the conversation ended before it, or its answer was lost; the reason says which.
        """
        exchange = self.transcript.find(step)
        if exchange is None or exchange.outcome != "ok":
            raise self._absence(step)
        return exchange

    def response(self, step: str) -> Response:
        """The answer to a step; errors as `exchange`."""
        response = self.exchange(step).response
        assert response is not None
        return response

    def acks(self, *, success: bool) -> Iterator[tuple[str, Expectation]]:
        """The acks of this case that may succeed, or may be refused, in the order of the conversation.

        Acks of a burst whose answers were lost are left out: there an unknown outcome is one outcome more.
        """
        for step, expectation in self.scenario.expectations.items():
            if expectation.allows(success=success) and not self.is_omitted(step):
                yield step, expectation

    def is_omitted(self, step: str) -> bool:
        """Whether a step says nothing: lost in a burst, or not needed since the item came in its state.

        An earlier suite may have held the race with fewer requests: what the transcript does not count among them is
        left out as well.
        """
        if step == ARRANGING_ACK and self.begins_arranged():
            return True
        if not self.scenario.expectations[step].race:
            return False
        race = self.transcript.facts.get("race")
        return self.lost(step) or (race is not None and step not in race["operations"])

    def lost(self, step: str) -> bool:
        """Whether a step was sent, and no answer came that can be judged."""
        exchange = self.transcript.find(step)
        return exchange is not None and exchange.outcome != "ok"

    def expected_response(self, step: str) -> Response:
        """The answer to an ack whose status is one that its requirement allows.

        Raises:
            Blocked: it has another status, which is that requirement's failure.
            NotExercised: likewise, where only a SHOULD asks for that status.
            Unjudged: there is no answer.
        """
        expectation = self.scenario.expectations[step]
        if expectation.depends_on is not None:
            self.expected_response(expectation.depends_on)
        response = self.response(step)
        if response.status not in {answer.status for answer in expectation.allowed}:
            reason = Text(
                "the ack `{step}` answered HTTP {status}", "步骤 `{step}` 的 ack 返回了 HTTP {status}"
            ).format(step=step, status=response.status)
            if expectation.optional:
                raise NotExercised(reason)
            raise Blocked(self._plain_failure(step) or expectation.requirement, reason)
        return response

    def require_unlike_control(self, step: str) -> None:
        """See that an ack that went wrong did not do so in the same way as the plain case beside it.

        Raises:
            Blocked: it did: that is the plain case's failure.
        """
        requirement = self._plain_failure(step)
        if requirement is not None:
            reason = Text("the plain case gets the same response", "普通情形得到同样的响应")
            raise Blocked(requirement, reason)

    def require_meaningful_refusal(self, step: str) -> None:
        """See that a refusal says something: that the owning worker's ack in the same state is not refused as well.

        Raises:
            Blocked: it is: a target that refuses everybody compares nothing.
        """
        refusal = self.scenario.expectations[step]
        controls = self.scenario.controls
        owner_ack_step = refusal.owner_ack_step
        control = next((each for name, each in controls.items() if owner_ack_step in {name, each.step}), None)
        if owner_ack_step is None or control is None or self.transcript.find(control.step) is None:
            return  # nothing to compare with: the owning worker's ack is judged by itself
        owners = [found for name in (owner_ack_step, control.step) if (found := self.transcript.find(name)) is not None]
        if all(owner_was_accepted(refusal, owner) is False for owner in owners):
            reason = Text(
                "the owning worker's ack is refused in that state as well", "在该状态下，持有者自己的 ack 也被拒绝"
            )
            raise Blocked(control.expectation.requirement, reason)

    def _plain_failure(self, step: str) -> str | None:
        """The requirement of the plain case beside an ack, where both went wrong in the same way."""
        control = self.scenario.controls.get(step)
        if control is None:
            return None
        plain, mine = self.transcript.find(control.step), self.transcript.find(step)
        if plain is None or mine is None or not same_outcome(plain, mine):
            return None
        wrong = is_unexpected(control.expectation, plain) and is_unexpected(self.scenario.expectations[step], mine)
        return control.expectation.requirement if wrong else None

    def body(self, step: str) -> Any:
        """The JSON value that a step was answered with.

        Raises:
            Blocked: an ack's body is not strict JSON, which is another requirement's failure.
            Unjudged: another operation's body cannot be read.
        """
        if step not in self._bodies:
            self._bodies[step] = self._parsed(step)
        return self._bodies[step]

    def fields(self, step: str) -> dict[str, Any]:
        """The JSON object that an ack was answered with, its status being as expected.

        Raises:
            Blocked: another requirement's failure stands in the way.
            Unjudged: there is no answer.
        """
        self.expected_response(step)
        return self._object(step)

    def item(self, step: str) -> dict[str, Any]:
        """The item that a get or poll was answered with; names of the target's own for states are read as mapped.

        Raises:
            Unjudged: it did not answer 200 with a JSON object.
        """
        exchange = self.exchange(step)
        if self.response(step).status != 200:
            raise CannotJudge(
                Text("{operation} answered HTTP {status}", "{operation} 返回了 HTTP {status}").format(
                    operation=exchange.operation, status=self.response(step).status
                )
            )
        item = self._object(step)
        state = item.get("state")
        return {**item, "state": self.map_state(state)} if isinstance(state, str) else item

    def map_state(self, state: str | None) -> str | None:
        """A state as it was mapped where the target has a name of its own for it."""
        states: Mapping[str, str] = self.transcript.facts.get("states", {})
        return state if state is None else states.get(state, state)

    def foreign_state(self, step: str) -> str | None:
        """The state that a get or poll shows, where it is a name that no page documents; errors as `item`."""
        state = self.item(step).get("state")
        return state if isinstance(state, str) and state not in PHASES else None

    def documented_state(self, step: str) -> str | None:
        """The state that a get or poll shows; None where it is none that a page documents; errors as `item`."""
        state = self.item(step).get("state")
        return state if state in PHASES else None

    def begins_arranged(self) -> bool:
        """Whether the item came in its state already, so that no ack of the suite's brought it there."""
        return bool(self.transcript.facts.get("arranged_by", "api") != "api")

    def acked(self, step: str) -> Mapping[str, Any]:
        """What the transcript says of the item that the ack of a step is about: its ids, its worker, where it was seen."""
        name = self.scenario.expectations[step].item
        facts = self.transcript.facts
        found: Mapping[str, Any] = facts if name is None else facts.get("items", {}).get(name, {})
        return found

    def polled(self, ack: str | None = None) -> dict[str, Any]:
        """The item as poll returned it (or get, where the suite does not poll); errors as `item`.

        The one that the ack of a step is about, in a case of several.
        """
        step = (self.transcript.facts if ack is None else self.acked(ack)).get("seen_by")
        if not isinstance(step, str):
            raise self._absence("arrange.poll")
        return self.item(step)

    def gap(self, earlier: str, later: str) -> float:
        """Seconds from the sending of one step to the answer of another."""
        return self.exchange(later).completed - self.exchange(earlier).invoked

    def _object(self, step: str) -> dict[str, Any]:
        body = self.body(step)
        if not isinstance(body, dict):
            reason = Text("the answer to `{step}` is not a JSON object", "步骤 `{step}` 的响应不是 JSON 对象").format(
                step=step
            )
            raise self._unreadable(step, "schema-en", reason)
        return body

    def _parsed(self, step: str) -> Any:
        body = self.response(step).body
        if body.problem == "too-large":
            raise CannotJudge(
                Text(
                    "the answer is larger than the suite reads ({n} KiB)", "响应超过本套件读取的上限（{n} KiB）"
                ).format(n=MAX_BODY >> 10)
            )
        reason = Text("the answer to `{step}` is not readable JSON", "步骤 `{step}` 的响应不是可读的 JSON").format(
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
        return Blocked(f"ack.{'answer' if self.response(step).status == 200 else 'envelope'}.{rule}", reason)

    def _absence(self, step: str) -> CannotJudge:
        """Why a step has no answer."""
        ending = self.transcript.ending
        reason = ending.reason or Text("the conversation ended before `{step}`", "对话在步骤 `{step}` 之前结束").format(
            step=step
        )
        if ending.kind == "suite-error":
            return SuiteError(reason)
        if ending.kind == "not-exercised":
            return NotExercised(reason)
        if ending.step is not None and not self.lost(ending.step):
            found = self.precondition_failure(reason)
            cause = self._requirement_of(ending.step) if ending.kind == "precondition" else None
            return Blocked(cause, reason) if cause is not None and not isinstance(found, Blocked) else found
        return CannotJudge(reason)

    def precondition_failure(self, reason: Text) -> CannotJudge:
        """Why nothing can be said where the item is not as the case needs it: because of an ack on the way, where one was
        answered otherwise than it must."""
        cause = self._wrong_on_the_way()
        return CannotJudge(reason) if cause is None else Blocked(cause, reason)

    def _wrong_on_the_way(self) -> str | None:
        """The requirement of the first ack that was answered otherwise than it must: what came after it rests on that."""
        for step, expectation in self.scenario.expectations.items():
            if not expectation.optional and not expectation.race and not self._as_allowed(step, expectation):
                return expectation.requirement
        return None

    def _as_allowed(self, step: str, expectation: Expectation) -> bool:
        """Whether an ack was answered with a status that it may have, and that with the state that goes with it.

        An ack without an answer, or whose state cannot be read, is not known to be wrong.
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
