"""Judges one check of the plan on one transcript. One of the two places that catch every exception."""

from __future__ import annotations

import traceback
from typing import Final

from conformance.chapters.registry import every_scenario
from conformance.contract.catalogue import Requirement, load_catalogue
from conformance.exchange import Transcript
from conformance.judging.failure import describe_failures
from conformance.judging.repetition import verdict_over_repetitions
from conformance.judging.verdict import Failure, PlannedCheck, Verdict, VerdictKind, worst
from conformance.judging.waivers import Waivers
from conformance.scenario.model import CheckFunction, Finding, Scenario
from conformance.scenario.transcript_view import (
    Blocked,
    CannotJudge,
    NotExercised,
    NotTriggered,
    SuiteError,
    TranscriptView,
)
from conformance.text import Text, join

_MAX_FAILURES: Final = 20


def judge_planned_check(line: PlannedCheck, transcript: Transcript, waivers: Waivers | None = None) -> Verdict:
    """Return the verdict on a check of the plan, from its scenario's transcript; failures in `waivers` are waived.

    For a scenario that ran several times, it is the worst verdict of all repetitions.

    Raises:
        KeyError: this version has no such scenario or requirement.
    """
    verdict = judge_requirement(
        every_scenario()[line.scenario], load_catalogue().requirements[line.requirement], transcript
    )
    verdict = verdict_over_repetitions(verdict, transcript)
    return verdict if waivers is None else waivers.apply(verdict)


class _Views:
    """Caches the view of the latest transcript: its checks are judged one after another and read the same bodies."""

    def __init__(self) -> None:
        self._latest: TranscriptView | None = None

    def of(self, scenario: Scenario, transcript: Transcript) -> TranscriptView:
        latest = self._latest
        if latest is None or latest.scenario is not scenario or latest.transcript is not transcript:
            latest = self._latest = TranscriptView(scenario, transcript)
        return latest


_VIEWS: Final = _Views()


def judge_requirement(scenario: Scenario, requirement: Requirement, transcript: Transcript) -> Verdict:
    """Return the verdict on one requirement, from this transcript alone. Deterministic; never raises."""
    line = PlannedCheck(scenario.id, requirement.id)
    view = _VIEWS.of(scenario, transcript)
    failures: list[Failure] = []
    observed: list[Text] = []
    kinds: list[VerdictKind] = []
    reason: Text | None = None
    blocked_by: str | None = None
    occasion = True
    for judgement in scenario.check_functions(requirement.id):
        findings, stop = _collect(judgement, view)
        if requirement.level == "OBSERVE":
            observed += [finding.actual for finding in findings]
        else:
            failures += describe_failures(transcript, findings)
        kinds.append(_kind(requirement, findings, stop))
        occasion = occasion and not isinstance(stop, NotTriggered)
        if stop is not None and reason is None:
            reason = stop.reason
            blocked_by = _cause(stop, requirement)
    kind = worst(kinds)
    if kind == "passed" and not occasion:
        kind = "not-exercised"
    judged = kind in {"failed", "warned", "passed", "observed"}
    return Verdict(
        line=line,
        kind=kind,
        reason=None if judged else reason,
        blocked_by=None if judged else blocked_by,
        failures=tuple(failures[:_MAX_FAILURES]),
        observation=join(Text("; ", "；"), observed) if observed else None,
    )


def _cause(stop: CannotJudge, requirement: Requirement) -> str | None:
    """Return the blocking requirement; None if it is the one that is judged, which then is simply open."""
    return stop.requirement if isinstance(stop, Blocked) and stop.requirement != requirement.id else None


def _collect(judgement: CheckFunction, view: TranscriptView) -> tuple[list[Finding], CannotJudge | None]:
    findings: list[Finding] = []
    try:
        for finding in judgement(view):
            findings.append(finding)  # noqa: PERF402 - what came before a stop is kept
    except CannotJudge as stop:
        return findings, stop
    except Exception as error:  # noqa: BLE001 - a check that crashes is never a pass, nor the target's failure
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{frame.name}:{frame.lineno}: {type(error).__name__}"
        return findings, SuiteError(Text(f"the check failed with an error in {where}", f"检查在 {where} 出错"))
    return findings, None


def _kind(requirement: Requirement, findings: list[Finding], stop: CannotJudge | None) -> VerdictKind:
    if isinstance(stop, SuiteError):
        return "failed" if findings and requirement.level == "MUST" else "suite-error"
    if requirement.level == "OBSERVE":
        return "observed" if findings else "not-exercised"
    if findings:
        return "failed" if requirement.level == "MUST" else "warned"
    if isinstance(stop, NotExercised):
        return "not-exercised"
    return "passed" if stop is None else "inconclusive"
