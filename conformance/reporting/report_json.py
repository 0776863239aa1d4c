"""`report.json`: the whole run for other programs, documented by `report.schema.json` beside this module."""

from __future__ import annotations

from dataclasses import asdict
from importlib import resources
from typing import Any, Final

from conformance.contract.ambiguities import ambiguities_of_profile
from conformance.contract.catalogue import Requirement
from conformance.contract.schema_language_differences import schema_differences
from conformance.judging.aggregate import RequirementResult
from conformance.judging.run_result import RunMetadata, RunResult
from conformance.judging.verdict import WORST_FIRST, Failure, Verdict
from conformance.reporting.by_chapter import by_chapter
from conformance.reporting.escaping import escape_surrogates
from conformance.reporting.messages import LOST, scenario_title, unobserved_effects
from conformance.text import Text

REPORT_FORMAT: Final = "work-conformance-report/1"
SUITE_NAME: Final = "work-conformance"


def report(record: RunResult) -> dict[str, Any]:
    """Return the report as plain JSON types; every string can be encoded as UTF-8. Equal records give equal reports."""
    about = record.metadata
    document = {
        "format": REPORT_FORMAT,
        "suite": {"name": SUITE_NAME, "version": about.suite_version},
        "catalogue": {"version": about.catalogue_version},
        "run": _run(about),
        "target": {
            "base_url": about.base_url,
            "api_prefix": about.api_prefix,
            "worker_header": about.worker_header,
            "embedded": about.embedded,
            "insecure": about.insecure,
        },
        "result": _result(record),
        "not_exercised": [_not_exercised(result) for result in record.tally.requirements_with_verdict("not-exercised")],
        "chapters": [
            {
                "id": chapter.id,
                "title": chapter.title.to_json(),
                "requirements": [_requirement(result) for result in results],
            }
            for chapter, results in by_chapter(record)
        ],
        "ambiguities": [entry.to_json() for entry in ambiguities_of_profile(record.metadata.profile)],
        "schema_differences": [
            {
                "schema": entry.schema,
                "pointer": entry.pointer,
                "says": entry.says.to_json(),
                "text": entry.text.to_json(),
            }
            for entry in schema_differences()
        ],
    }
    cleaned: dict[str, Any] = _encodable(document)
    return cleaned


def schema_text() -> str:
    """Return the text of the report's JSON Schema (draft 2020-12)."""
    return resources.files("conformance.reporting").joinpath("report.schema.json").read_text("utf-8")


def _run(about: RunMetadata) -> dict[str, Any]:
    return {
        "id": about.run_id,
        "seed": about.seed,
        "started_at": about.started_at,
        "duration_seconds": about.duration,
        "phases": asdict(about.phases) if about.phases is not None else None,
        "processes": about.processes,
        "strict": about.strict,
        "profile": about.profile,
        "arranged_by": about.arranged_by,
        "not_looked_at": [effect.to_json() for effect in unobserved_effects(about.arranged_by)],
        "selection": about.selection,
        "interrupted": _text(about.interrupted),
        "requests": about.requests,
        "turned_away": about.turned_away,
        "left_behind": list(about.leftovers),
        "replayed": about.replayed,
        "repeat": about.repeat,
        "states": dict(about.states),
        "noticed": [text.to_json() for text in about.noticed],
    }


def _result(record: RunResult) -> dict[str, Any]:
    decision, tally = record.decision, record.tally
    return {
        "word": decision.word,
        "exit_code": decision.exit_code,
        "sentence": decision.sentence.to_json(),
        "counts": {
            "requirements": {kind: tally.requirement_counts[kind] for kind in WORST_FIRST},
            "lines": {kind: tally.check_counts[kind] for kind in WORST_FIRST},
        },
        "waiver_complaints": [complaint.to_json() for complaint in record.waiver_problems],
        "lost_lines": [{"scenario": line.scenario, "requirement": line.requirement} for line in tally.lost],
    }


def _not_exercised(result: RequirementResult) -> dict[str, Any]:
    # Without any verdict it was not skipped on purpose: its checks were lost.
    reason = result.reason if result.verdicts else LOST
    return {
        "requirement": result.requirement.id,
        "reason": _text(reason),
        "exercised": result.requirement.exercised,
        "input": result.requirement.input,
    }


def _requirement(result: RequirementResult) -> dict[str, Any]:
    requirement: Requirement = result.requirement
    return {
        "id": requirement.id,
        "level": requirement.level,
        "basis": requirement.basis,
        "text": requirement.text.to_json(),
        "inference": _text(requirement.inference),
        "sources": [source.to_json() for source in requirement.sources],
        "exercised": requirement.exercised,
        "verdict": result.kind,
        "reason": _text(result.reason),
        "blocked_by": list(result.blocked_by),
        "partly": _partly(result),
        "lines": [_line(verdict) for verdict in result.verdicts],
    }


def _partly(result: RequirementResult) -> dict[str, Any] | None:
    partly = result.partial_verdict
    return {"judged": partly.judged, "of": partly.of, "behind": list(partly.behind)} if partly is not None else None


def _line(verdict: Verdict) -> dict[str, Any]:
    return {
        "scenario": verdict.line.scenario,
        "title": scenario_title(verdict.line.scenario).to_json(),
        "verdict": verdict.kind,
        "reason": _text(verdict.reason),
        "blocked_by": verdict.blocked_by,
        "observation": _text(verdict.observation),
        "waiver": _text(verdict.waiver),
        "link": verdict.link,
        "reds": [_failure(failure) for failure in verdict.failures],
        "repetitions": _repetitions(verdict),
    }


def _repetitions(verdict: Verdict) -> dict[str, Any] | None:
    repetitions = verdict.repetitions
    if repetitions is None:
        return None
    verdicts = dict(repetitions.kinds) or {"failed" if verdict.kind == "waived" else verdict.kind: repetitions.held}
    return {
        "held": repetitions.held,
        "kept": repetitions.kept,
        "elsewhere": repetitions.elsewhere,
        "verdicts": verdicts,
        "race": repetitions.race,
        "spread_seconds": repetitions.spread,
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "step": failure.step,
        "pointer": failure.pointer,
        "expected": failure.expected.to_json(),
        "actual": failure.actual.to_json(),
        "source": failure.source,
        "conversation": failure.operations,
        "request": failure.request,
        "answer": failure.response,
        "curl": failure.curl,
        "exhibit": failure.diagram.en if failure.diagram is not None else "",
        "process": _text(failure.process),
        "output": list(failure.output),
    }


def _text(text: Text | None) -> dict[str, str] | None:
    return text.to_json() if text is not None else None


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return escape_surrogates(value)
    if isinstance(value, dict):
        return {name: _encodable(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_encodable(entry) for entry in value]
    return value
