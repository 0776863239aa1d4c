"""Runs the suite on variants, and says what a run of legal servers must look like."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conformance.contract.operations import Profile
from conformance.emulator import Tokens
from conformance.emulator.configuration import ServerConfig, use_microseconds
from conformance.emulator.serving import serve_in_background
from conformance.emulator.variants import Variant, combine_variants
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import VerdictKind
from tests.runs import run_suite, settings_for


def check_conformant(variants: Sequence[Variant], output: Path, profile: Profile = "ack") -> None:
    """The run is green: what it warns of and does not exercise is what the variants declare, and nothing is left.

    Times are shown in microseconds where no variant says otherwise, so that nothing waits for the next second.
    """
    assembly = combine_variants(variants, use_microseconds(ServerConfig()))
    tokens = Tokens.generate()
    with serve_in_background(assembly.server_config, tokens, assembly.wire) as base_url:
        record = run_suite(settings_for(base_url, tokens, output, profile=profile))

    unhappy = [
        f"{verdict.line} {verdict.kind}: {verdict.reason.en if verdict.reason else ''}"
        for verdict in record.verdicts
        if verdict.kind in {"failed", "inconclusive", "suite-error"}
    ]
    assert unhappy == []
    judged = {result.requirement.id for result in record.tally.results}
    assert _ids(record, "warned") == assembly.warns & judged
    assert _ids(record, "not-exercised") == assembly.skips
    assert record.tally.lost == ()
    assert (record.decision.word, record.decision.exit_code) == ("conformant", 0)
    assert record.metadata.leftovers == ()


def _ids(record: RunResult, kind: VerdictKind) -> frozenset[str]:
    return frozenset(result.requirement.id for result in record.tally.requirements_with_verdict(kind))
