"""Each defect of the operations besides ack shows by hand, without the suite, and those of shared rules where they say."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from conformance.emulator.configuration import ServerConfig
from conformance.emulator.defects import Defect
from conformance.emulator.defects.by_operation import (
    get,
    heartbeat,
    parameter_values,
    path_rules,
    poll,
    shared_rules,
    stats,
    stop,
    update,
)
from conformance.emulator.defects.by_operation import list as list_

from .conversations import Said, differing, hold
from .own_conversations import OWN
from .refused_conversation import refusals, steps_of

OF_SHARED_RULES = (*shared_rules.DEFECTS, *path_rules.DEFECTS)
OF_ITS_OWN = tuple(
    defect for area in (poll, list_, get, update, heartbeat, stop, stats, parameter_values) for defect in area.DEFECTS
)


def each(defects: tuple[Defect, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("defect", defects, ids=[defect.id for defect in defects])


@cache
def usual(kind: Callable[[str], object], operation: str) -> Said:
    return hold(refusals(operation)) if kind is refusals else hold(OWN[operation])


@pytest.mark.parametrize("operation", OWN)
def test_a_correct_server_says_the_same_twice(operation: str) -> None:
    assert hold(refusals(operation)) == usual(refusals, operation)
    assert hold(OWN[operation]) == usual(OWN.__getitem__, operation)


@each(OF_SHARED_RULES)
def test_a_defect_of_a_shared_rule_shows_in_the_steps_of_its_requirements(defect: Defect) -> None:
    operation = defect.area
    said = hold(refusals(operation), defect.apply_to)
    found = differing(said, usual(refusals, operation))
    also = " ".join(
        kind.also.get(operation, "") for kind in shared_rules.KINDS if defect.id == f"{operation}.{kind.name}"
    ).split()
    places = {rule: steps_of(rule.removeprefix(f"{operation}."), operation) for rule in defect.fails - set(also)}
    assert found, "it shows nowhere"
    assert {rule for rule, steps in places.items() if not steps & found} == set(), "it does not show here"
    allowed = {step for step in found if step.startswith("malformed-") and said[step][0] in (400, 404)}
    effects = {step for step in found if step.startswith("after ")}
    elsewhere = found - frozenset().union(*places.values()) - effects - allowed
    assert elsewhere == set(), "it shows where it should not"


@each(OF_ITS_OWN)
def test_a_defect_of_one_operation_shows_in_a_conversation_about_it(defect: Defect) -> None:
    talk = OWN[defect.area]
    assert differing(hold(talk, defect.apply_to), usual(OWN.__getitem__, defect.area))


def test_a_server_config_without_defect_shows_nothing() -> None:
    def unchanged(server_config: ServerConfig) -> ServerConfig:
        return server_config

    assert differing(hold(OWN["get"], unchanged), usual(OWN.__getitem__, "get")) == set()
