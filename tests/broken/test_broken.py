"""Every broken server is caught, at just the requirements that it breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.judging.record import RunRecord
from tests.broken.model import Server, ids, judged
from tests.broken.servers import SERVERS


@pytest.mark.parametrize("subject", SERVERS, ids=lambda subject: subject.id)
def test_a_broken_server_fails_where_it_is_broken(subject: Server, tmp_path: Path) -> None:
    record = judged(subject, tmp_path / "run")

    assert ids(record, "failed") == subject.fails
    assert ids(record, "warned") == subject.warns
    assert ids(record, "not-exercised") == subject.skips
    assert ids(record, "suite-error") == frozenset()
    assert record.tally.lost == ()
    assert unexplained(record) == []
    assert record.decision.exit_code == 1


def unexplained(record: RunRecord) -> list[str]:
    """The lines that could not be judged and are not blocked by a failure, at whatever remove."""
    failed = ids(record, "failed")
    blocked = {result.requirement.id: result.blocked_by for result in record.tally.results}

    def leads_to_a_failure(requirement: str | None, seen: frozenset[str] = frozenset()) -> bool:
        if requirement is None or requirement in seen:
            return False
        causes = blocked[requirement]
        return requirement in failed or any(leads_to_a_failure(cause, seen | {requirement}) for cause in causes)

    return [
        f"{verdict.line} ({verdict.blocked_by}): {verdict.reason.en if verdict.reason else ''}"
        for verdict in record.verdicts
        if verdict.kind == "inconclusive" and not leads_to_a_failure(verdict.blocked_by)
    ]
