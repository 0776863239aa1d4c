"""Writes a proof as a few lines of text: its ratios, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from conformance.mutation.kill_matrix import STATUS_TEXTS, Matrix, unexpected_results
from conformance.mutation.messages import UNKNOWN, ratio_label
from conformance.text import Lang, Text

_MOST: Final = 40
"""The maximum number of lines about missing results; the HTML page has all of them."""


_TOOK: Final = Text(
    "Seed {seed}; defects took {a} s, variants and combinations {b} s, shapes {c} s.",
    "随机种子 {seed}；缺陷用时 {a} 秒，变体和组合用时 {b} 秒，偏离形态用时 {c} 秒。",
)
_TOOK_WORKERS: Final = Text(
    "Seed {seed}; defects took {a} s, variants {b} s.", "随机种子 {seed}；缺陷用时 {a} 秒，变体用时 {b} 秒。"
)


def summary(matrix: Matrix, *, seed: int, left_out: int, took: tuple[float, float, float], lang: Lang) -> Iterator[str]:
    """The lines."""
    sample = matrix.sample_text(left_out)
    if sample is not None:
        yield sample.in_(lang)
    yield from islice(_missing(matrix, lang), _MOST)
    for name, figure in matrix.shown_ratios.items():
        is_unknown = name in matrix.unknown
        sign = " " if is_unknown else "✗" if figure.is_below_total else "✓"
        note = f" ({UNKNOWN.in_(lang)})" if is_unknown else ""
        yield f"{sign} {ratio_label(name, matrix.profile).in_(lang)}: {figure}{note}"
    yield (
        (_TOOK_WORKERS if matrix.profile == "worker" else _TOOK)
        .format(seed=seed, a=f"{took[0]:.0f}", b=f"{took[1]:.0f}", c=f"{took[2]:.0f}")
        .in_(lang)
    )


def _missing(matrix: Matrix, lang: Lang) -> Iterator[str]:
    for trial in (*matrix.mutant_results, *matrix.whole_second_results):
        if trial.status != "declared":
            why = trial.outcome.crash or "; ".join(trial.difference[:4])
            yield f"✗ {trial.outcome.job}: {STATUS_TEXTS[trial.status].in_(lang)}: {why}"
    for outcome in (*matrix.healthy, *matrix.variants, *matrix.combinations):
        wrong = unexpected_results(outcome)
        if wrong:
            yield f"✗ {outcome.job}: {'; '.join(wrong[:4])}"
    for shape in matrix.shapes:
        if not shape.as_declared:
            yield f"✗ {shape.outcome.job}: {'; '.join(shape.difference[:4])}"
    if not matrix.sampled:
        for line, killers in matrix.defects_killed_by_check.items():
            if not killers:
                no_killer = Text("no defect kills this check", "没有缺陷能使该检查失败").in_(lang)
                yield f"✗ {line.scenario} {line.requirement}: {no_killer}"
