"""What to do about a failure: the fix of the mistake that was observed, or else what the response must be.

The fix follows from the observation: the place, the kind of violation, the status and the expectation. A common mistake
of the requirement is named only if it explains what was observed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.contract.common_mistakes import Kind, Mistake, likely_cause, most_likely
from conformance.judging.verdict import Failure, Verdict
from conformance.reporting.required_responses import required_response
from conformance.reporting.violations import Violation
from conformance.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """A fix; if it is `foreign`, it may contain text from the target.

    `cause` is the mistake that the responses show, or None if they do not show which one it is. `sure`: the fix is right
    whatever the mistake is; otherwise it is the fix of the most common one.
    """

    fix: Text
    sure: bool
    cause: Text | None = None
    foreign: bool = False


def remedy_of_verdict(verdict: Verdict) -> Remedy:
    """Return what to do about the first failure of a verdict that has one.

    Raises:
        KeyError: this version does not have the verdict's requirement.
    """
    violation = Violation(verdict, verdict.failures[0])
    return remedy(violation, [violation], verdict.line.scenario)


def remedy(first: Violation, members: Sequence[Violation], scenario: str) -> Remedy:
    """Return what to do about violations with one cause.

    Args:
        first: the violation that represents the cause.
        members: all violations of the cause.
        scenario: the scenario that shows it, or the common beginning of several.

    Raises:
        KeyError: this version does not have a requirement.
    """
    shown = _shown_mistake(first, scenario)
    if shown is None:
        likely = most_likely(first.requirement, kind_of(first))
        if likely is not None:
            return Remedy(fix=likely.fix, sure=False)
        alike = (each for each in members if _is_alike(each, first))
        shown = next((found for each in alike if (found := _shown_mistake(each)) is not None), None)
    if shown is not None:
        return Remedy(fix=shown.fix, sure=True, cause=shown.what)
    return Remedy(fix=required_response(first, members), sure=True, foreign=True)


def kind_of(violation: Violation) -> Kind | None:
    """Return the kind of a violation as common mistakes name it; None for an odd success, a redirect or the like."""
    kind, got = violation.kind, violation.got
    if kind == "body" and not violation.rule.endswith("strict-json"):
        return "value"  # a sentence about one or several responses
    if kind != "status":
        return kind
    assert got is not None
    wants_success = any(200 <= status < 300 for status in violation.wanted)
    if got >= 500:
        return "crash"
    if got >= 400:
        return "refused" if wants_success else "other-refusal"
    return "accepted" if 200 <= got < 300 and not wants_success else None


def _shown_mistake(violation: Violation, scenario: str = "") -> Mistake | None:
    """Return the mistake that has a symptom of this violation, or of the scenario and the step that represent the cause."""
    where = [scenario, f"step: {violation.failure.step}"] if scenario else []
    return likely_cause(violation.requirement, *_seen(violation.failure), *where)


def _seen(failure: Failure) -> list[str]:
    symptom = failure.actual.en
    seen = [symptom, f"expected: {failure.expected.en}"]
    if failure.pointer:
        name = failure.pointer.rpartition("/")[2]
        seen += [f"{failure.pointer}: {symptom}", f"schema:{failure.keyword}", f"{failure.keyword}: {name}"]
    return seen


def _is_alike(violation: Violation, first: Violation) -> bool:
    """Return whether a violation of the same cause shows the same thing, for example as another requirement states it."""
    return (violation.kind, violation.pointer) == (first.kind, first.pointer) and not violation.follows
