"""The checks that a run did not judge, by reason."""

from __future__ import annotations

from typing import Final

from conformance.judging.run_result import RunResult
from conformance.judging.verdict import Verdict
from conformance.reporting.messages import summary
from conformance.text import Text

NOT_JUDGED: Final = Text("Not judged", "未判定")
_BLOCKED: Final = Text("blocked by the failures above", "因上述失败而无法判定")
_WAIVED: Final = Text("blocked by a waived failure", "因已豁免的失败而无法判定")


def unjudged_checks(record: RunResult) -> dict[Text, list[Verdict]]:
    """Return the checks that say nothing about the target; those that a failure of this run blocks are one group."""
    failed = {result.requirement.id for result in record.tally.requirements_with_verdict("failed")}
    failed |= {r.requirement.id for r in record.tally.results if r.blocked_by and failed >= set(r.blocked_by)}
    waived = {result.requirement.id for result in record.tally.requirements_with_verdict("waived")}
    groups: dict[Text, list[Verdict]] = {}
    for result in record.tally.results:
        for verdict in result.verdicts:
            if verdict.kind not in {"inconclusive", "not-exercised"}:
                continue
            reason = summary(verdict)
            if verdict.blocked_by in failed:
                reason = _BLOCKED
            elif verdict.blocked_by in waived:
                reason = _WAIVED
            groups.setdefault(reason, []).append(verdict)
    return groups
