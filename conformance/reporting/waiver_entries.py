"""`waivers.toml`: entries for the failures, to be completed with a reason: one per root cause or requirement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from conformance.judging.aggregate import RequirementResult
from conformance.judging.failure_signature import failure_signatures
from conformance.judging.verdict import Verdict
from conformance.judging.waivers import entry_for, entry_for_cause
from conformance.reporting.root_causes import causes_of
from conformance.text import Lang, Text

_NO_REASON: Final = 'reason = ""'
_SAY_WHY: Final = Text("say why; reports print it", "写明理由，报告中会显示")


def waiver_entries(failed: Sequence[RequirementResult], lang: Lang = "en") -> str:
    """Return the file's text; with a reason in each entry, it waives every failure."""
    return "\n".join(_in_language(line, lang) for entry in entries(failed) for line in (*entry, ""))


def _in_language(line: str, lang: Lang) -> str:
    """Return the line; that of the empty reason has its comment in `lang`."""
    return f"{_NO_REASON}  # {_SAY_WHY.in_(lang)}" if line.startswith(_NO_REASON) else line


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
