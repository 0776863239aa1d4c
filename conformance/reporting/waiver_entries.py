"""`waivers.toml`: entries for the failures, to be completed with a reason: one per root cause or requirement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.judging.aggregate import RequirementResult
from conformance.judging.verdict import Verdict
from conformance.judging.waivers import entry_for, entry_for_cause, failure_signatures
from conformance.reporting.root_causes import causes_of


def waiver_entries(failed: Sequence[RequirementResult]) -> str:
    """Return the file's text; with a reason in each entry, it waives every failure."""
    return "\n".join(line for entry in entries(failed) for line in (*entry, ""))


def entries(failed: Sequence[RequirementResult]) -> Iterator[list[str]]:
    """Yield each entry as lines of TOML; root causes that fail several requirements come first."""
    verdicts = {
        result.requirement.id: [verdict for verdict in result.verdicts if verdict.kind == "failed"] for result in failed
    }
    explained: set[str] = set()
    for signatures in _shared([verdict for several in verdicts.values() for verdict in several]):
        explained |= set(signatures)
        yield entry_for_cause(signatures)
    for requirement, several in verdicts.items():
        left = [verdict for verdict in several if not set(failure_signatures([verdict])) <= explained]
        if left:
            yield entry_for(requirement, several)


def _shared(verdicts: Sequence[Verdict]) -> Iterator[list[str]]:
    """Yield the signatures of each cause that fails several requirements."""
    for cause in causes_of(verdicts):
        if len(cause.requirements) > 1:
            yield list(cause.signatures)
