"""The result of a run on one server or worker, as a small value that processes can exchange."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.contract.operations import Profile
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck, Verdict, VerdictKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to run on: a combination of variants or foreign shapes, and at most one defect. `profile` is what is run.

    In profile `worker` it is a worker, and otherwise a server.
    """

    variants: tuple[str, ...] = ()
    defect: str | None = None
    shapes: tuple[str, ...] = ()
    profile: Profile = "ack"

    def __str__(self) -> str:
        names = ([self.defect] if self.defect is not None else []) + [*self.shapes, *self.variants]
        return " + ".join(names) or "healthy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Requirements by verdict, and the single checks that failed or warned.

    Observations are left out: they prove nothing. `unexplained` are checks that could not be judged although no failure
    blocks them. `crash` is the error of the suite itself; then nothing else is known. `unjudged` are requirements without
    a judged check, if no failure blocks them. `share` is the share of checks that were judged or are blocked by a failure.
    `noticed` is how many undocumented effects of other operations the run reported.
    """

    job: Job
    seconds: float
    exit_code: int | None = None
    failed: frozenset[str] = frozenset()
    warned: frozenset[str] = frozenset()
    skipped: frozenset[str] = frozenset()
    failures: frozenset[PlannedCheck] = frozenset()
    unexplained: tuple[str, ...] = ()
    unjudged: frozenset[str] = frozenset()
    noticed: int = 0
    share: float = 1.0
    leftovers: int = 0
    crash: str | None = None


def outcome_of(job: Job, record: RunResult, *, seconds: float) -> Outcome:
    """Return the outcome of a run result."""
    lines = [verdict.line for verdict in record.verdicts if verdict.kind == "suite-error"]
    broken = [f"{line.scenario} {line.requirement}" for line in (*lines, *record.tally.lost)]
    return Outcome(
        job=job,
        seconds=seconds,
        exit_code=record.decision.exit_code,
        failed=requirement_ids_with_verdict(record, "failed"),
        warned=requirement_ids_with_verdict(record, "warned"),
        skipped=frozenset(
            r.requirement.id
            for r in record.tally.requirements_with_verdict("not-exercised")
            if r.requirement.level != "OBSERVE"
        ),
        failures=frozenset(v.line for v in record.verdicts if v.kind in {"failed", "warned"}),
        unexplained=tuple(unexplained_inconclusive_checks(record)),
        unjudged=unjudged_requirements(record),
        share=1 - len(unexplained_inconclusive_checks(record)) / max(1, len(record.plan)),
        noticed=len(record.metadata.noticed),
        leftovers=len(record.metadata.leftovers),
        crash=f"suite error or no verdict: {'; '.join(broken)}" if broken else None,
    )


def requirement_ids_with_verdict(record: RunResult, kind: VerdictKind) -> frozenset[str]:
    """Return the requirements with that verdict."""
    return frozenset(result.requirement.id for result in record.tally.requirements_with_verdict(kind))


def unexplained_inconclusive_checks(record: RunResult) -> list[str]:
    """Return the checks that could not be judged although no failure blocks them, directly or indirectly."""
    return [
        f"{verdict.line.scenario} {verdict.line.requirement}: {verdict.reason.en if verdict.reason else ''}"
        for verdict in _unexplained(record)
    ]


def unjudged_requirements(record: RunResult) -> frozenset[str]:
    """Return the requirements without a judged check, if no failure blocks them."""
    blind = {verdict.line for verdict in _unexplained(record)}
    return frozenset(
        result.requirement.id
        for result in record.tally.results
        if result.verdicts
        and any(verdict.line in blind for verdict in result.verdicts)
        and all(verdict.line in blind or verdict.kind == "not-exercised" for verdict in result.verdicts)
    )


def _unexplained(record: RunResult) -> list[Verdict]:
    failed = requirement_ids_with_verdict(record, "failed")
    causes = {result.requirement.id: result.causes for result in record.tally.results}

    def leads_to_a_failure(requirement: str | None) -> bool:
        if requirement is None:
            return False
        return requirement in failed or any(map(leads_to_a_failure, causes.get(requirement, ())))

    return [
        verdict
        for verdict in record.verdicts
        if verdict.kind == "inconclusive" and not leads_to_a_failure(verdict.blocked_by)
    ]
