"""Every case of every chapter, each with all that must hold of it."""

from __future__ import annotations

from functools import cache

from conformance.chapters import (
    answer,
    authentication,
    authorization,
    environment_kind,
    error_envelope,
    exploring,
    first_ack,
    not_found,
    observations,
    races,
    races_between_items,
    request_shapes,
    retries,
    terminal_states,
    worker_identity,
)
from conformance.chapters.answering import answers
from conformance.scenario.model import Scenario

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
    exploring,
    observations,
)


@cache
def scenarios() -> dict[str, Scenario]:
    """Every case by its id, in the order of the chapters."""
    found = {}
    for chapter in _CHAPTERS:
        for scenario in chapter.scenarios():
            whole = scenario.with_checks(*answers(scenario), *answer.checks(scenario), *error_envelope.checks(scenario))
            assert whole.id not in found, f"{whole.id} is used twice"
            found[whole.id] = whole
    return found
