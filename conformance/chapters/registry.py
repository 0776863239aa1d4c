"""Collects the scenarios of every chapter, each with all its checks."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Final

from conformance.chapters import (
    authentication,
    authorization,
    environment_kind,
    error_envelope,
    first_ack,
    not_found,
    observations,
    races,
    races_between_items,
    random_operations,
    request_shapes,
    retries,
    solo_operations,
    success_body,
    terminal_states,
    worker_identity,
)
from conformance.chapters.ack_response import response_checks
from conformance.chapters.race_linearizability import excluding_sequential_faults
from conformance.scenario.model import Check, CheckFunction, Scenario

_RACES: Final = "ack.race."

_CHAPTERS = (
    first_ack,
    retries,
    worker_identity,
    terminal_states,
    environment_kind,
    not_found,
    authentication,
    authorization,
    error_envelope,
    request_shapes,
    races,
    races_between_items,
    random_operations,
    observations,
    solo_operations,
)


@cache
def scenarios() -> dict[str, Scenario]:
    """Return every scenario by id, in chapter order. Those that mostly wait come last."""
    found: dict[str, Scenario] = {}
    for chapter in _CHAPTERS:
        for scenario in chapter.scenarios():
            whole = scenario.with_checks(
                *response_checks(scenario), *success_body.checks(scenario), *error_envelope.checks(scenario)
            )
            if whole.race:
                checks = (Check(check.requirement, _in_race(check)) for check in whole.checks)
                whole = replace(whole, checks=tuple(checks))
            assert whole.id not in found, f"{whole.id} is used twice"
            found[whole.id] = whole
    return dict(sorted(found.items(), key=lambda each: each[1].mostly_waits))


def _in_race(check: Check) -> CheckFunction:
    return excluding_sequential_faults(check.judge) if check.requirement.startswith(_RACES) else check.judge


@cache
def requirements_of_controls() -> dict[str, tuple[str, ...]]:
    """Return the ids of the controls by requirement id."""
    found: dict[str, dict[str, None]] = {}
    for scenario in scenarios().values():
        for step, expectation in scenario.expectations.items():
            plain = [scenario.controls.get(step), scenario.controls.get(expectation.owner_ack_step or "")]
            for control in filter(None, plain):
                if control.expectation.requirement != expectation.requirement:
                    found.setdefault(expectation.requirement, {})[control.expectation.requirement] = None
    return {requirement: tuple(plain) for requirement, plain in found.items()}
