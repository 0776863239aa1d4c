"""The stored records: environments, agents and sessions (by their schemas pages)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Environment:
    """An environment in which sessions run. ``config["type"]`` is ``self_hosted`` or ``cloud``."""

    id: str
    tenant: str
    name: str
    config: Mapping[str, object]
    created_at: datetime
    updated_at: datetime
    description: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    archived_at: datetime | None = None

    @property
    def self_hosted(self) -> bool:
        """Whether its sessions become work items."""
        return self.config.get("type") == "self_hosted"


@dataclass(frozen=True, kw_only=True)
class Agent:
    """An agent: a model with its prompt. ``model`` is a model id or an object with one. ``details`` is returned as given."""

    id: str
    tenant: str
    name: str
    model: object
    created_at: datetime
    updated_at: datetime
    details: Mapping[str, object] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    archived_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Session:
    """A session of an agent in an environment. ``work_id`` is its newest work item."""

    id: str
    tenant: str
    agent: Agent
    environment_id: str
    created_at: datetime
    updated_at: datetime
    title: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    archived_at: datetime | None = None
    work_id: str | None = None
