"""Collects the scenarios of every chapter, each with all its checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Final

from conformance.chapters.ack import (
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
from conformance.chapters.ack.race_linearizability import excluding_sequential_faults
from conformance.chapters.every_operation import error_envelope as envelopes
from conformance.chapters.every_operation import random_histories, refused_requests
from conformance.chapters.every_operation import success_body as success_bodies
from conformance.chapters.every_operation.response_status import response_checks
from conformance.chapters.get import shows_last_response
from conformance.chapters.heartbeat import conditional_heartbeats, first_heartbeat, lease_seconds, other_states
from conformance.chapters.heartbeat import races as heartbeat_races
from conformance.chapters.list import few_items, pages
from conformance.chapters.poll import deliveries, parameters
from conformance.chapters.poll import races as poll_races
from conformance.chapters.stats import counts
from conformance.chapters.stop import bodies, transitions
from conformance.chapters.update import merge_patch
from conformance.chapters.update import races as update_races
from conformance.chapters.worker import acks, leases, polling, requests, stops
from conformance.contract.catalogue import load_catalogue
from conformance.contract.operations import OPERATIONS, Profile
from conformance.scenario.model import Check, CheckFunction, Scenario
from conformance.worker_harness.scenario import WorkerScenario

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
    refused_requests,
    deliveries,
    parameters,
    poll_races,
    pages,
    few_items,
    shows_last_response,
    merge_patch,
    update_races,
    first_heartbeat,
    conditional_heartbeats,
    lease_seconds,
    other_states,
    heartbeat_races,
    transitions,
    bodies,
    counts,
    random_histories,
)


def scenarios(profile: Profile = "work") -> Mapping[str, Scenario]:
    """Return the scenarios of a profile by id, in chapter order; those that mostly wait come last.

    Profile `work`, the default, has all that judge a server.
    """
    match profile:
        case "ack":
            return _scenarios_of_ack()
        case "work":
            return _scenarios_of_servers()
        case "worker":
            return worker_scenarios()


@cache
def every_scenario() -> Mapping[str, Scenario]:
    """Return the scenarios of all profiles by id."""
    return {**_scenarios_of_servers(), **worker_scenarios()}


@cache
def worker_scenarios() -> Mapping[str, WorkerScenario]:
    """Return the scenarios of profile `worker` by id, in chapter order."""
    found: dict[str, WorkerScenario] = {}
    for chapter in (polling, acks, leases, stops, requests):
        for scenario in chapter.scenarios():
            assert scenario.id not in {*found, *_scenarios_of_servers()}, f"{scenario.id} is used twice"
            found[scenario.id] = requests.with_checks_of_requests(scenario)
    return found


@cache
def _scenarios_of_ack() -> dict[str, Scenario]:
    own = {chapter.id for chapter in load_catalogue().of_profile("ack").chapters}
    return {name: scenario for name, scenario in _scenarios_of_servers().items() if scenario.chapter in own}


@cache
def _scenarios_of_servers() -> dict[str, Scenario]:
    found: dict[str, Scenario] = {}
    for chapter in _CHAPTERS:
        for scenario in chapter.scenarios():
            assert scenario.id not in found, f"{scenario.id} is used twice"
            found[scenario.id] = _with_checks_of_responses(scenario)
    return dict(sorted(found.items(), key=lambda each: each[1].mostly_waits))


def _with_checks_of_responses(scenario: Scenario) -> Scenario:
    checks = [*response_checks(scenario)]
    for name in scenario.operations:
        if scenario.may_get(name, success=True):
            checks += success_bodies.checks(OPERATIONS[name], with_schema=scenario.may_show_body(name))
            checks += success_body.checks(scenario) if name == "ack" else ()
    for name in scenario.operations:
        if scenario.may_get(name, success=False):
            checks += envelopes.checks(OPERATIONS[name])
            checks += error_envelope.checks() if name == "ack" else ()
    whole = scenario.with_checks(*checks)
    if not whole.race:
        return whole
    return replace(whole, checks=tuple(Check(check.requirement, _in_race(check)) for check in whole.checks))


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
