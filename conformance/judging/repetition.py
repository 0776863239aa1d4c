"""Repeated scenarios: keeps one transcript and counts the verdicts of each check over all repetitions.

The kept transcript carries the counts among its facts, so later steps, replays included, use them: a check's verdict is
the worst of all repetitions. If that one comes from a transcript that was not kept, the facts contain the verdict
itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any, Final

from conformance.exchange import SPREAD_FACT, Transcript
from conformance.judging.verdict import RACE_WORST_FIRST, WORST_FIRST, Repetitions, Verdict, VerdictKind, worst
from conformance.text import Text

REPETITIONS_FACT: Final = "repetitions"
"""The name of the fact in the kept transcript."""

_SPREADS: Final = 1000
"""Maximum bursts whose spread is kept: memory does not grow with the number of repetitions."""

_UNREADABLE: Final = Text("the results of the repetitions cannot be read", "无法读取各次重复的结果")


@dataclass(frozen=True, slots=True, kw_only=True)
class RepetitionTotals:
    """The counts of a scenario so far; the size does not depend on the number of repetitions.

    `kept` is the number, from 1, of the repetition whose transcript is kept, `verdicts` are the verdicts on it, and
    `worst` are the worst ones of each check, by requirement. In a `race`, repetitions without overlap count less than
    those with one; `spreads` are the seconds over which its first bursts left.
    """

    wanted: int
    times: int
    requests: int
    kept: int
    transcript: Transcript
    verdicts: tuple[Verdict, ...]
    counts: Mapping[str, Counter[VerdictKind]] = field(default_factory=dict)
    worst: Mapping[str, Verdict] = field(default_factory=dict)
    race: bool = False
    spreads: tuple[float, ...] = ()

    def mark_interrupted(self) -> RepetitionTotals:
        """Return the counts of a run that was stopped before the next repetition finished."""
        return replace(self, wanted=max(self.wanted, self.times + 1))

    def transcript_with_counts(self) -> Transcript:
        """Return the kept transcript, with the counts among its facts."""
        kept = {verdict.line.requirement: verdict.kind for verdict in self.verdicts}
        fact: dict[str, Any] = {
            "wanted": self.wanted,
            "held": self.times,
            "kept": self.kept,
            "requests": self.requests,
            "differed": {name: dict(count) for name, count in self.counts.items() if len(count) > 1},
            "elsewhere": {
                name: verdict.to_json() for name, verdict in self.worst.items() if verdict.kind != kept[name]
            },
        }
        if self.race:
            fact |= {"race": True, "spread": median(self.spreads) if self.spreads else None}
        return replace(self.transcript, facts={**self.transcript.facts, REPETITIONS_FACT: fact})


def add_repetition(
    before: RepetitionTotals | None,
    transcript: Transcript,
    verdicts: Sequence[Verdict],
    *,
    wanted: int,
    race: bool = False,
) -> RepetitionTotals:
    """Return the counts after one more repetition with these verdicts: the worst one is kept, the first among equals.

    A repetition is worse if its worst verdict is worse, or if it has more of it. `wanted` may grow with each repetition
    if repetitions fill the available time.
    """
    if before is None:
        before = RepetitionTotals(
            wanted=wanted, times=0, requests=0, kept=0, transcript=transcript, verdicts=(), race=race
        )
    times = before.times + 1
    order = _order(race=race)
    better = before.kept and _severity(verdicts, order) <= _severity(before.verdicts, order)
    counts = {name: Counter(count) for name, count in before.counts.items()}
    worst_of = dict(before.worst)
    for verdict in verdicts:
        name = verdict.line.requirement
        counts.setdefault(name, Counter())[verdict.kind] += 1
        known = worst_of.get(name)
        if known is None or worst((known.kind, verdict.kind), order) != known.kind:
            worst_of[name] = verdict
    spread = transcript.facts.get(SPREAD_FACT)
    return RepetitionTotals(
        wanted=wanted,
        times=times,
        requests=before.requests + transcript.requests,
        kept=before.kept if better else times,
        transcript=before.transcript if better else transcript,
        verdicts=before.verdicts if better else tuple(verdicts),
        counts=counts,
        worst=worst_of,
        race=race,
        spreads=(*before.spreads, spread)[:_SPREADS] if spread is not None else before.spreads,
    )


def verdict_over_repetitions(verdict: Verdict, transcript: Transcript) -> Verdict:
    """Return the verdict on a check over all repetitions; never better than the one on the kept transcript."""
    if REPETITIONS_FACT not in transcript.facts:
        return verdict
    try:
        return _over(verdict, transcript.facts[REPETITIONS_FACT])
    except (KeyError, TypeError, ValueError, AttributeError):
        return Verdict(line=verdict.line, kind="suite-error", reason=_UNREADABLE)


def count_requests(transcript: Transcript) -> int:
    """Return how many requests its scenario sent, in all repetitions."""
    fact = transcript.facts.get(REPETITIONS_FACT)
    return int(fact["requests"]) if fact is not None else transcript.requests


def has_missing_repetitions(transcript: Transcript) -> bool:
    """Return whether its scenario ran less often than requested."""
    fact = transcript.facts.get(REPETITIONS_FACT)
    return fact is not None and int(fact["held"]) < int(fact["wanted"])


def _over(verdict: Verdict, fact: Mapping[str, Any]) -> Verdict:
    name = verdict.line.requirement
    count = fact["differed"].get(name, {})
    elsewhere = Verdict.from_json(fact["elsewhere"][name]) if name in fact["elsewhere"] else None
    if elsewhere is not None and elsewhere.line != verdict.line:
        raise ValueError("the verdict belongs to another check")
    race = fact.get("race") is True
    order = _order(race=race)
    is_worse = elsewhere is not None and worst((elsewhere.kind, verdict.kind), order) != verdict.kind
    repetitions = Repetitions(
        wanted=int(fact["wanted"]),
        held=int(fact["held"]),
        kept=int(fact["kept"]),
        kinds=tuple((kind, int(count[kind])) for kind in order if kind in count),
        elsewhere=is_worse,
        race=race,
        spread=None if fact.get("spread") is None else float(fact["spread"]),
    )
    return replace(elsewhere if elsewhere is not None and is_worse else verdict, repetitions=repetitions)


def _order(*, race: bool) -> tuple[VerdictKind, ...]:
    return RACE_WORST_FIRST if race else WORST_FIRST


def _severity(verdicts: Iterable[Verdict], order: Sequence[VerdictKind]) -> tuple[int, ...]:
    """Return a sort key, greater for worse verdicts: the number of each verdict, the worst first."""
    count = Counter(verdict.kind for verdict in verdicts)
    return tuple(count[kind] for kind in order)
