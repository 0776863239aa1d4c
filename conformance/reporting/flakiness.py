"""Messages about repeated scenarios: how often each ran, and which verdicts differed between repetitions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Final

from conformance.judging.run_result import RunResult
from conformance.judging.verdict import WORDS, Repetitions, Verdict, VerdictKind
from conformance.reporting.escaping import escape_line
from conformance.text import Text, join

RACES_HEADING: Final = Text("Races that failed in some of their repetitions", "在部分重复中失败的并发场景")
FLAKY_HEADING: Final = Text("Flaky: the verdict differs between repetitions", "不稳定：各次重复的结论不一致")

_RUNS_EACH: Final = Text(
    "each scenario ran {n} times, each time on a fresh item", "每个场景执行 {n} 次，每次使用新的 item"
)
_LESS: Final = Text("fewer repetitions: {names}", "次数不足的场景：{names}")
_RACED: Final = Text("races: {n}, each run {times}", "并发场景 {n} 个，每个执行 {times} 次")
_SPREAD: Final = Text(
    "{words}; the requests of a race were sent within {median} ms (median; at most {most} ms)",
    "{words}；同一组并发请求在 {median} 毫秒内发出（中位数；最大 {most} 毫秒）",
)
_TENTH: Final = 0.1
_NAMED: Final = 6
"""How many scenarios are named; the rest is counted. report.json names all of them."""
_IN: Final = Text("{word} in {n}", "{word} {n} 次")
_RACE_OUTCOMES: Final = Text("{word} in {n} of {runs} repetitions", "{runs} 次重复中{word} {n} 次")
_OF: Final = Text("{kinds} of {runs}", "{runs} 次中{kinds}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlakyGroup:
    """Requirements of one scenario whose verdicts differed between repetitions in the same way."""

    scenario: str
    tally: Text
    requirements: tuple[str, ...]


def repetition_count_text(record: RunResult) -> Text | None:
    """Return how often each scenario ran, or None if once, which is the default."""
    times = record.metadata.repeat
    if times == 1:
        return None
    words = _RUNS_EACH.format(n=times)
    less = [_times(name, repetitions.held) for name, repetitions in record.scenarios_missing_repetitions.items()]
    if not less:
        return words
    if len(less) > _NAMED:
        less[_NAMED:] = [Text("and {n} more", "另有 {n} 个").format(n=len(less) - _NAMED)]
    fewer = _LESS.format(names=join(Text(", ", "、"), less))
    return Text("{words}; {less}", "{words}；{less}").format(words=words, less=fewer)


def race_repetition_text(record: RunResult) -> Text | None:
    """Return how often the races ran and how close together their requests were sent; None without races."""
    found = {
        v.line.scenario: v.repetitions for v in record.verdicts if v.repetitions is not None and v.repetitions.race
    }
    if not found:
        return None
    times = sorted({repetitions.held for repetitions in found.values()})
    spreads = [repetitions.spread for repetitions in found.values() if repetitions.spread is not None]
    number = str(times[0]) if len(times) == 1 else f"{times[0]}–{times[-1]}"
    words = _RACED.format(n=len(found), times=Text("once" if number == "1" else f"{number} times", number))
    if not spreads:
        return words
    return _SPREAD.format(words=words, median=_milliseconds(median(spreads)), most=_milliseconds(max(spreads)))


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2g}" if seconds < _TENTH else f"{seconds * 1000:.0f}"


def flaky_groups(record: RunResult) -> Iterator[FlakyGroup]:
    """Yield the checks whose verdict differed between repetitions, grouped by scenario and tally."""
    yield from _groups(record.flaky)


def race_groups(record: RunResult) -> Iterator[FlakyGroup]:
    """Yield the checks of races whose verdict differed between repetitions, grouped by scenario and tally."""
    yield from _groups(record.sometimes_failing_races)


def _groups(differing: Iterable[Verdict]) -> Iterator[FlakyGroup]:
    groups: dict[tuple[str, tuple[object, ...]], list[Verdict]] = {}
    for verdict in differing:
        assert verdict.repetitions is not None
        groups.setdefault((verdict.line.scenario, verdict.repetitions.kinds), []).append(verdict)
    for (scenario, _), verdicts in groups.items():
        assert verdicts[0].repetitions is not None
        requirements = tuple(verdict.line.requirement for verdict in verdicts)
        yield FlakyGroup(
            scenario=scenario,
            tally=verdict_counts_text(verdicts[0].kind, verdicts[0].repetitions),
            requirements=requirements,
        )


def _times(scenario: str, runs: int) -> Text:
    return Text("{name} ({n})", "{name}（{n} 次）").format(name=escape_line(scenario), n=runs)


def verdict_counts_text(kind: VerdictKind, repetitions: Repetitions) -> Text:
    """Return the count of each verdict, worst first, as in "failed in 3, passed in 7 of 10".

    Of a race only the worst one is counted, as in "failed in 3 of 10 repetitions". `kind` is used if all repetitions had
    the same verdict.
    """
    if repetitions.race:
        worst, times = repetitions.kinds[0] if repetitions.kinds else (kind, repetitions.held)
        return _RACE_OUTCOMES.format(word=WORDS[worst], n=times, runs=repetitions.held)
    times_each = repetitions.kinds or ((kind, repetitions.held),)
    kinds = join(Text(", ", "、"), (_IN.format(word=WORDS[each], n=times) for each, times in times_each))
    return _OF.format(kinds=kinds, runs=repetitions.held)
