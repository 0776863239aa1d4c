"""Handlers for environments, agents and models."""

from collections.abc import Mapping
from typing import TypeVar

from .authorization import AccessRequirement
from .operations import Call, Operation, Reply
from .paging import PageRequest, list_page
from .records import Agent, Environment
from .rendering import render_agent, render_environment

Owned = TypeVar("Owned", Environment, Agent)

_MODELS = ("auto", "ultimate")


def _visible(call: Call, records: Mapping[str, Owned]) -> list[Owned]:
    return [record for record in records.values() if record.tenant == call.principal.tenant]


async def create_environment(call: Call) -> Reply:
    """Create an environment."""
    call.require_permission()
    environment = call.service.resources.create_environment(call.principal.tenant, call.json_body())
    return Reply(render_environment(environment), 201)


async def list_environments(call: Call) -> Reply:
    """List the tenant's environments, including archived ones."""
    found = _visible(call, call.service.store.environments)
    return Reply(list_page(found, PageRequest.from_query(call.query), render_environment))


async def get_environment(call: Call) -> Reply:
    """One environment."""
    return Reply(render_environment(call.environment()))


async def archive_environment(call: Call) -> Reply:
    """Archive an environment."""
    environment = call.environment(AccessRequirement.PERMISSION)
    return Reply(render_environment(call.service.resources.archive_environment(environment)))


async def delete_environment(call: Call) -> Reply:
    """Delete an environment that no session refers to."""
    environment = call.environment(AccessRequirement.PERMISSION)
    call.service.resources.delete_environment(environment)
    return Reply({"id": environment.id, "type": "environment_deleted"})


def _agent(call: Call) -> Agent:
    return call.service.resources.agent(call.principal.tenant, call.path["agent_id"])


async def create_agent(call: Call) -> Reply:
    """Create an agent."""
    call.require_permission()
    return Reply(render_agent(call.service.resources.create_agent(call.principal.tenant, call.json_body())), 201)


async def list_agents(call: Call) -> Reply:
    """List the tenant's agents, including archived ones."""
    found = _visible(call, call.service.store.agents)
    return Reply(list_page(found, PageRequest.from_query(call.query), render_agent))


async def get_agent(call: Call) -> Reply:
    """One agent."""
    return Reply(render_agent(_agent(call)))


async def archive_agent(call: Call) -> Reply:
    """Archive an agent."""
    agent = _agent(call)
    call.require_permission()
    return Reply(render_agent(call.service.resources.archive_agent(agent)))


async def delete_agent(call: Call) -> Reply:
    """Delete an agent. Sessions keep their copy of it."""
    agent = _agent(call)
    call.require_permission()
    del call.service.store.agents[agent.id]
    return Reply({"id": agent.id, "type": "agent_deleted"})


async def list_models(call: Call) -> Reply:  # noqa: ARG001 - everyone sees the same models
    """List the models that an agent may use."""
    models = [{"id": model, "type": "model", "display_name": model.title(), "is_enabled": True} for model in _MODELS]
    page = {"first_id": _MODELS[0], "last_id": _MODELS[-1], "has_more": False, "next_page": None}
    return Reply({"data": models, **page})


ENVIRONMENT_OPERATIONS: Mapping[str, Mapping[str, Operation]] = {
    "/environments": {"GET": list_environments, "POST": create_environment},
    "/environments/{environment_id}": {"GET": get_environment, "DELETE": delete_environment},
    "/environments/{environment_id}/archive": {"POST": archive_environment},
    "/agents": {"GET": list_agents, "POST": create_agent},
    "/agents/{agent_id}": {"GET": get_agent, "DELETE": delete_agent},
    "/agents/{agent_id}/archive": {"POST": archive_agent},
    "/models": {"GET": list_models},
}
