"""`kill-matrix.html`: the proof as one page that needs nothing else, in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from itertools import groupby

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from conformance.contract.catalogue import Chapter, Requirement, load_catalogue
from conformance.emulator.defects import Defect
from conformance.emulator.variants import VARIANTS
from conformance.judging.verdict import PlannedCheck
from conformance.mutation.kill_matrix import STATUS_TEXTS, Matrix, MutantResult, unexpected_results
from conformance.mutation.messages import RATIO_LABELS, SIGNS
from conformance.mutation.outcome import Outcome
from conformance.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One defect and one requirement: what was seen, and how many of its checks."""

    kind: str
    count: int

    @property
    def sign(self) -> str:
        """What is shown beside the colour."""
        return SIGNS[self.kind][0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A chapter and its requirements."""

    chapter: Chapter
    requirements: tuple[Requirement, ...]


def page(matrix: Matrix, *, seed: int, left_out: int, seconds: float) -> str:
    """The whole page."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals["both"] = both
    template = resources.files("conformance.mutation").joinpath("kill-matrix.html.j2").read_text("utf-8")
    return environment.from_string(template).render(
        matrix=matrix,
        ratios=[(RATIO_LABELS[name], figure) for name, figure in matrix.ratios.items()],
        bands=_bands(),
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
        left_out=left_out,
        minutes=f"{seconds / 60:.1f}",
    )


def both(told: Text | Defect) -> Markup:
    """A sentence in both languages, of which one is shown."""
    return Markup('<span class="en" lang="en">{}</span><span class="zh" lang="zh">{}</span>').format(told.en, told.zh)


def _bands() -> list[Band]:
    """The columns: MUST and SHOULD by chapter."""
    judged = [requirement for requirement in load_catalogue().requirements.values() if requirement.level != "OBSERVE"]
    return [
        Band(chapter=load_catalogue().chapter(chapter), requirements=tuple(members))
        for chapter, members in groupby(judged, key=lambda requirement: requirement.chapter)
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
    """Checks by requirement, each with what kills it."""
    found: dict[str, list[tuple[PlannedCheck, tuple[str, ...]]]] = {}
    for line, killers in matrix.killers.items():
        found.setdefault(line.requirement, []).append((line, killers))
    return found


def _odd(outcome: Outcome) -> tuple[str, Text, tuple[str, ...], str]:
    """Name, what it does, faults and seconds of a run that has to be green."""
    names = outcome.job.variants
    told = Text("The healthy emulator.", "正常的模拟器。")
    if names:
        chosen = [VARIANTS[name] for name in names]
        told = Text(" ".join(variant.en for variant in chosen), "".join(variant.zh for variant in chosen))
    return str(outcome.job), told, unexpected_results(outcome), f"{outcome.seconds:.1f}"
