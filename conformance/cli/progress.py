"""Counts the progress of a run, chapter by chapter."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from conformance.client.counters import RequestCounters
from conformance.contract.catalogue import load_catalogue
from conformance.judging.verdict import WORDS, WORST_FIRST, PlannedCheck, Verdict, VerdictKind
from conformance.reporting.quantities import amount
from conformance.text import Text

REPORTED_KINDS: Final[tuple[VerdictKind, ...]] = tuple(
    kind for kind in WORST_FIRST if kind in {"failed", "suite-error", "inconclusive", "waived", "warned"}
)
"""Verdicts that are reported during the run."""


@dataclass(slots=True)
class ChapterProgress:
    """One chapter of the plan: the number of checks, and the verdicts so far."""

    title: Text
    planned: int = 0
    kinds: Counter[VerdictKind] = field(default_factory=Counter)

    @property
    def judged_checks(self) -> int:
        """The number of checks with a verdict."""
        return self.kinds.total()

    def verdict_counts(self) -> list[tuple[VerdictKind, Text]]:
        """Return the verdicts worth reporting with their counts, worst first."""
        counted = Text("{n} {word}", "{word} {n}")
        return [
            (kind, counted.format(n=self.kinds[kind], word=WORDS[kind])) for kind in REPORTED_KINDS if self.kinds[kind]
        ]


class Progress:
    """The progress of a run, from its plan and its verdicts. Contains only numbers and words of the suite.

    `own` returns the requests that this process has sent; other processes report theirs with their verdicts.
    """

    def __init__(
        self,
        plan: Iterable[PlannedCheck],
        own: Callable[[], RequestCounters] = RequestCounters,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        catalogue = load_catalogue()
        self._chapter_of = {rule.id: rule.chapter for rule in catalogue.requirements.values()}
        found: dict[str, ChapterProgress] = {}
        for line in plan:
            chapter = self._chapter_of[line.requirement]
            found.setdefault(chapter, ChapterProgress(catalogue.chapter(chapter).title)).planned += 1
        self.chapters = {chapter.id: found[chapter.id] for chapter in catalogue.chapters if chapter.id in found}
        self._own = own
        self._clock = clock
        self._began = clock()
        self._sent: dict[int, RequestCounters] = {}

    def count_verdict(self, verdict: Verdict) -> ChapterProgress:
        """Count a verdict and return its chapter."""
        chapter = self.chapters[self._chapter_of[verdict.line.requirement]]
        chapter.kinds[verdict.kind] += 1
        return chapter

    def record_sent_requests(self, report: Mapping[str, Any]) -> None:
        """Record the requests that another process has sent so far."""
        self._sent[report["process"]] = RequestCounters(
            report["requests"], report["throttled"], report["throttle_seconds"]
        )

    def summary(self) -> Text:
        """Return checks, duration, requests and what the run waits for in one line: workers, or the target's rate limit."""
        chapters = self.chapters.values()
        sent = [*self._sent.values(), self._own()]
        words = Text(
            "{done} of {planned} checks · {seconds} s · {requests} requests",
            "{done}/{planned} 项检查 · {seconds} 秒 · {requests} 个请求",
        ).format(
            done=sum(chapter.judged_checks for chapter in chapters),
            planned=sum(chapter.planned for chapter in chapters),
            seconds=f"{self._clock() - self._began:.0f}",
            requests=sum(request_counters.requests for request_counters in sent),
        )
        waiting = sum(request_counters.waiting for request_counters in sent)
        if waiting:
            return Text("{words} · waiting for the first request of {n}", "{words} · 正在等待 {n} 的首个请求").format(
                words=words, n=amount(waiting, "worker", "workers", "个 worker")
            )
        throttled = sum(request_counters.throttled for request_counters in sent)
        if not throttled:
            return words
        return Text(
            "{words} · {n} requests rejected (429, 503), {seconds} s of waiting",
            "{words} · 被拒绝（429、503）{n} 次，共等待 {seconds} 秒",
        ).format(
            words=words,
            n=throttled,
            seconds=f"{sum(request_counters.throttle_seconds for request_counters in sent):.0f}",
        )
