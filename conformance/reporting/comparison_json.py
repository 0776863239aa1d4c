"""A comparison as JSON for other programs, documented by `comparison.schema.json` beside this module."""

from __future__ import annotations

from importlib import resources
from typing import Any, Final

from conformance import __version__
from conformance.comparison.compare import Comparison, RequirementDifference, ShapeDifference
from conformance.contract.catalogue import load_catalogue
from conformance.judging.run_result import RunMetadata
from conformance.judging.verdict import Verdict
from conformance.reporting.comparison_text import conclusion
from conformance.reporting.messages import summary
from conformance.reporting.report_json import SUITE_NAME
from conformance.text import Text

COMPARISON_FORMAT: Final = "work-conformance-comparison/1"


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as plain JSON types. Equal comparisons give equal documents."""
    return {
        "format": COMPARISON_FORMAT,
        "suite": {"name": SUITE_NAME, "version": __version__},
        "catalogue": {"version": load_catalogue().version},
        "a": _run(comparison.a),
        "b": _run(comparison.b),
        "same": comparison.same,
        "sentence": conclusion(comparison).to_json(),
        "compared": {
            "checks": comparison.checks_compared,
            "planned": comparison.checks_planned,
            "answers": comparison.kinds_compared,
        },
        "verdicts": [_verdict(difference) for difference in comparison.verdicts],
        "observations": [
            {
                "requirement": difference.line.requirement,
                "scenario": difference.line.scenario,
                "a": _text(difference.a),
                "b": _text(difference.b),
            }
            for difference in comparison.observations
        ],
        "answers": [_answer(difference) for difference in comparison.shapes],
        "one_sided": [
            {
                "requirement": entry.line.requirement,
                "scenario": entry.line.scenario,
                "side": entry.side,
                "why": entry.why,
            }
            for entry in comparison.one_sided
        ],
    }


def comparison_schema_text() -> str:
    """Return the text of the comparison's JSON Schema (draft 2020-12)."""
    return resources.files("conformance.reporting").joinpath("comparison.schema.json").read_text("utf-8")


def _run(about: RunMetadata) -> dict[str, Any]:
    return {
        "run": about.run_id,
        "started_at": about.started_at,
        "base_url": about.base_url,
        "embedded": about.embedded,
        "suite_version": about.suite_version,
        "catalogue_version": about.catalogue_version,
        "selection": about.selection,
    }


def _verdict(difference: RequirementDifference) -> dict[str, Any]:
    return {
        "requirement": difference.requirement,
        "level": load_catalogue().requirements[difference.requirement].level,
        "a": difference.a,
        "b": difference.b,
        "follows_from": difference.blocking_requirement,
        "cases": [{"scenario": a.line.scenario, "a": _side(a), "b": _side(b)} for a, b in difference.cases],
    }


def _side(verdict: Verdict) -> dict[str, Any]:
    return {"verdict": verdict.kind, "blocked_by": verdict.blocked_by, "summary": summary(verdict).to_json()}


def _answer(difference: ShapeDifference) -> dict[str, Any]:
    return {
        "operation": difference.operation,
        "status": difference.status,
        "part": difference.part,
        "where": difference.where,
        "a": None if difference.a is None else list(difference.a),
        "b": None if difference.b is None else list(difference.b),
    }


def _text(text: Text | None) -> dict[str, str] | None:
    return text.to_json() if text is not None else None
