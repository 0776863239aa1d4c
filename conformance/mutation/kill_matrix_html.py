"""Writes `kill-matrix.html`: the proof as one self-contained page in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from itertools import groupby

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from conformance.contract.catalogue import Chapter, Requirement, load_catalogue
from conformance.judging.verdict import PlannedCheck
from conformance.mutation.kill_matrix import STATUS_TEXTS, Matrix, MutantResult, unexpected_results
from conformance.mutation.messages import SIGNS, UNKNOWN, ratio_label, words_of
from conformance.mutation.outcome import Outcome
from conformance.mutation.subjects import DeclaredVariant, variants_of_job
from conformance.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The result of a defect for a requirement, and the number of checks with it."""

    kind: str
    count: int

    @property
    def sign(self) -> str:
        """The sign that the cell shows besides its colour."""
        return SIGNS[self.kind][0]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChapterColumns:
    """A chapter and its requirements."""

    chapter: Chapter
    requirements: tuple[Requirement, ...]


def page(matrix: Matrix, *, seed: int, left_out: int, seconds: float) -> str:
    """Return the page."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals["both"] = both
    template = resources.files("conformance.mutation").joinpath("kill-matrix.html.j2").read_text("utf-8")
    return environment.from_string(template).render(
        matrix=matrix,
        ratios=[
            (ratio_label(name, matrix.profile), figure, name in matrix.unknown)
            for name, figure in matrix.shown_ratios.items()
        ],
        words=words_of(matrix.profile),
        sample=matrix.sample_text(left_out),
        unknown=UNKNOWN,
        bands=_bands(matrix),
        areas=[
            (area, list(mutant_results))
            for area, mutant_results in groupby(matrix.mutant_results, key=lambda trial: trial.defect.area)
        ],
        cell=_cell,
        fates=STATUS_TEXTS,
        signs=SIGNS,
        checks=_checks(matrix),
        odd=[*map(_odd, matrix.healthy), *map(_odd, matrix.variants), *map(_odd, matrix.combinations)],
        seed=seed,
        minutes=f"{seconds / 60:.1f}",
    )


def both(text: Text | DeclaredVariant) -> Markup:
    """Return a text in both languages; the page shows one of them."""
    return Markup('<span class="en" lang="en">{}</span><span class="zh" lang="zh">{}</span>').format(text.en, text.zh)


def _bands(matrix: Matrix) -> list[ChapterColumns]:
    """Return the columns: MUST and SHOULD by chapter."""
    return [
        ChapterColumns(chapter=load_catalogue().chapter(chapter), requirements=tuple(members))
        for chapter, members in groupby(matrix.requirements, key=lambda requirement: requirement.chapter)
    ]


def _cell(trial: MutantResult, requirement: str) -> Cell | None:
    seen = trial.outcome.failed | trial.outcome.warned
    declared = trial.defect.fails | trial.defect.warns | trial.defect.may_fail
    count = sum(line.requirement == requirement for line in trial.outcome.failures)
    if requirement in seen and requirement in declared:
        return Cell(kind="killed", count=count)
    if requirement in seen:
        return Cell(kind="undeclared", count=count)
    if requirement in declared - trial.defect.may_fail:
        return Cell(kind="missed", count=0)
    return None


def _checks(matrix: Matrix) -> dict[str, list[tuple[PlannedCheck, tuple[str, ...]]]]:
    """Return the checks by requirement, each with the defects that kill it."""
    found: dict[str, list[tuple[PlannedCheck, tuple[str, ...]]]] = {}
    for line, killers in matrix.defects_killed_by_check.items():
        found.setdefault(line.requirement, []).append((line, killers))
    return found


def _odd(outcome: Outcome) -> tuple[str, Text, tuple[str, ...], str]:
    """Return name, description, unexpected results and duration of a run that must pass."""
    names = outcome.job.variants
    text = words_of(outcome.job.profile)["healthy"]
    if names:
        chosen = variants_of_job(outcome.job)
        text = Text(" ".join(variant.en for variant in chosen), "".join(variant.zh for variant in chosen))
    return str(outcome.job), text, unexpected_results(outcome), f"{outcome.seconds:.1f}"
