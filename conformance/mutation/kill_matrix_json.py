"""Writes `kill-matrix.json`: the proof for other programs. `kill-matrix.schema.json` documents the format."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import Any, Final

from conformance import __version__
from conformance.contract.catalogue import load_catalogue
from conformance.judging.verdict import PlannedCheck
from conformance.mutation.foreign_shapes import ShapeResult
from conformance.mutation.kill_matrix import Matrix, MutantResult, unexpected_results
from conformance.mutation.outcome import Outcome
from conformance.mutation.subjects import defects_of, variants_of

MATRIX_FORMAT: Final = "work-conformance-kill-matrix/1"


def document(matrix: Matrix, *, seed: int, left_out: int, seconds: float) -> dict[str, Any]:
    """Return the matrix as plain JSON types."""
    return {
        "format": MATRIX_FORMAT,
        "suite": __version__,
        "catalogue": load_catalogue().version,
        "seed": seed,
        "left_out": left_out,
        "sample": _sample(matrix),
        "seconds": round(seconds, 1),
        "proved": matrix.all_ratios_full,
        "figures": {name: {"held": f.count, "of": f.total} for name, f in matrix.ratios.items()},
        "profile": matrix.profile,
        "requirements": _requirements(matrix),
        "defects": [_defect(trial) for trial in matrix.mutant_results],
        "in_whole_seconds": [_defect(trial) for trial in matrix.whole_second_results],
        "healthy": [_odd(outcome) for outcome in matrix.healthy],
        "variants": [_odd(outcome) for outcome in matrix.variants],
        "combinations": [_odd(outcome) for outcome in matrix.combinations],
        "shapes": [_shape(trial) for trial in matrix.shapes],
    }


def _sample(matrix: Matrix) -> dict[str, dict[str, int]] | None:
    """Return how many defects and variants of all a sample ran; None for the whole proof."""
    if not matrix.sampled:
        return None
    return {
        "defects": {"ran": len(matrix.mutant_results), "of": len(defects_of(matrix.profile))},
        "variants": {"ran": len(matrix.variants), "of": len(variants_of(matrix.profile))},
    }


def schema_text() -> str:
    """Return the JSON Schema of the matrix (draft 2020-12)."""
    return resources.files("conformance.mutation").joinpath("kill-matrix.schema.json").read_text("utf-8")


def _requirements(matrix: Matrix) -> list[dict[str, Any]]:
    """Return the requirements in order, each with its checks and the defects that kill them."""
    return [
        {
            "id": requirement.id,
            "level": requirement.level,
            "chapter": requirement.chapter,
            "checks": [
                {"scenario": line.scenario, "killers": list(killers)}
                for line, killers in matrix.defects_killed_by_check.items()
                if line.requirement == requirement.id
            ],
        }
        for requirement in matrix.requirements
    ]


def _defect(trial: MutantResult) -> dict[str, Any]:
    declared, seen = trial.defect, trial.outcome
    return {
        "id": declared.id,
        "text": {"en": declared.en, "zh": declared.zh},
        "fate": trial.status,
        "declared": {
            "fails": sorted(declared.fails),
            "warns": sorted(declared.warns),
            "skips": sorted(declared.skips),
            "may_fail": sorted(declared.may_fail),
        },
        "seen": {"fails": sorted(seen.failed), "warns": sorted(seen.warned), "skips": sorted(seen.skipped)},
        "difference": list(trial.difference),
        "crash": seen.crash,
        "kills": _by_requirement(sorted(trial.killing_checks, key=lambda line: (line.requirement, line.scenario))),
        "seconds": round(seen.seconds, 2),
    }


def _by_requirement(lines: Sequence[PlannedCheck]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in lines:
        found.setdefault(line.requirement, []).append(line.scenario)
    return found


def _odd(outcome: Outcome) -> dict[str, Any]:
    return {
        "variants": list(outcome.job.variants),
        "green": not unexpected_results(outcome),
        "faults": list(unexpected_results(outcome)),
        "warns": sorted(outcome.warned),
        "skips": sorted(outcome.skipped),
        "seconds": round(outcome.seconds, 2),
    }


def _shape(trial: ShapeResult) -> dict[str, Any]:
    seen = trial.outcome
    return {
        "shapes": list(seen.job.shapes),
        "defect": seen.job.defect,
        "as_declared": trial.as_declared,
        "difference": list(trial.difference),
        "fails": sorted(seen.failed),
        "not_judged": sorted(seen.unjudged),
        "share_judged": round(seen.share, 3),
        "seconds": round(seen.seconds, 2),
    }
