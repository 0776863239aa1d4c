"""Writes the lines that create what the scenarios of a run share: an agent and up to three environments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from conformance.judging.request_variables import AGENT, CLOUD_ENVIRONMENT, ENVIRONMENT, SECOND_ENVIRONMENT
from conformance.reporting.reproduction.requests import RequestWords
from conformance.reporting.reproduction.steps import Plan

_NAME: Final = """'{"name": "reproduction-'"$(fresh)\""""
_AGENT_BODY: Final = _NAME + """'", "model": '"$MODEL"', "system": "Reply with one word."}'"""
"""JSON bodies of new objects as shell words."""


def preparation(plan: Plan, requests: RequestWords) -> Iterator[str]:
    """Yield lines that create what the scenarios of the run shared, and the function that removes it."""
    if plan.prepared:
        yield "clean_up() { :; }"
        return
    headers = " ".join(requests.general_headers())
    yield f"QUERY={requests.general_query()}"
    yield f'clean_up() {{ remove "$1" "$2" {headers}; }}'
    given = {name for step in plan.steps for _, name in step.gives}
    for name in [each for each in dict.fromkeys(plan.ids.values()) if each not in given]:
        if name.startswith(AGENT):
            yield f"choose_model {headers}"
            yield f"create {name} agents {_AGENT_BODY} {headers} || refused"
        elif name == CLOUD_ENVIRONMENT:
            first, second = (
                f"create {name} environments {_environment_body(kind)} {headers}" for kind in ("cloud", "managed")
            )
            yield f"{first} || {second} || refused"
        elif name.startswith(ENVIRONMENT) or name == SECOND_ENVIRONMENT:
            yield f"create {name} environments {_environment_body('self_hosted')} {headers} || refused"


def _environment_body(kind: str) -> str:
    return _NAME + '\'", "config": ' + json.dumps({"type": kind}) + "}'"
