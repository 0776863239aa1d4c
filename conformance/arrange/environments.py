"""What all scenarios of a run share: up to three environments and one agent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NoReturn, TypeVar

from conformance.arrange.item_spec import Place
from conformance.arrange.journal import Collection, Journal
from conformance.arrange.resource_names import metadata, object_name
from conformance.arrange.responses import CannotArrange, body_of, id_of
from conformance.client.api import Api
from conformance.exchange import Exchange
from conformance.text import Text

T = TypeVar("T")

_NOT_SELF_HOSTED: Final = ("cloud", "managed")
"""The documented kind, then its name on the schemas page of the China edition."""
_FALLBACK_MODEL: Final = "auto"

NO_SECOND: Final = Text("a second self-hosted environment could not be created", "无法创建第二个 self-hosted 环境")
_NO_CLOUD: Final = Text("an environment that is not self-hosted could not be created", "无法创建非 self-hosted 的环境")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResources:
    """Ids of created or provided objects. A missing environment is None; `missing` may say why (`Text` as JSON).

    `pat_envs` names the variable with an environment's own token, by environment. `one_connection` says that the target
    accepts only one connection at a time.
    """

    run_id: str
    main: str
    agent: str
    quiet: str | None = None
    cloud: str | None = None
    missing: dict[str, dict[str, str]] = field(default_factory=dict)
    pat_envs: dict[str, str] = field(default_factory=dict)
    one_connection: bool = False

    def environment(self, place: Place) -> str | None:
        """Return the self-hosted environment of that name."""
        return self.main if place == "main" else self.quiet

    @property
    def second_environment(self) -> str:
        """Return the self-hosted environment that the items do not belong to.

        Raises:
            CannotArrange: there is none.
        """
        return self.quiet if self.quiet is not None else self._lacks("quiet", NO_SECOND)

    @property
    def not_self_hosted(self) -> str:
        """Return the environment that is not self-hosted.

        Raises:
            CannotArrange: there is none.
        """
        return self.cloud if self.cloud is not None else self._lacks("cloud", _NO_CLOUD)

    def _lacks(self, name: str, reason: Text) -> NoReturn:
        raise CannotArrange(self.why_missing(name, reason), f"environment.{name}")

    def why_missing(self, name: str, reason: Text) -> Text:
        """Return the recorded reason why an environment is missing, or else `reason`."""
        recorded = self.missing.get(name)
        return Text.from_json(recorded) if recorded is not None else reason

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object; `RunResources(**data)` reads it back."""
        return asdict(self)


async def create_run_resources(api: Api, journal: Journal, run_id: str, *, again: str = "") -> RunResources:
    """Create the environments and the agent. `again` distinguishes their names from those of an earlier attempt.

    Raises:
        CannotArrange: the main environment or the agent cannot be created. Only a few scenarios need the other two
            environments; without one of them, these scenarios are inconclusive.
        NoUsableResponse: the target did not respond.
    """
    maker = ResourceFactory(api, journal, run_id, keyed=True)
    # Wait for all started requests, and journal them, before the first error is raised. Without the main environment,
    # nothing else is created.
    found = await asyncio.gather(maker.environment(f"main{again}", "self_hosted"), _model(api), return_exceptions=True)
    main, model = map(_made, found)
    agent, quiet, cloud = await asyncio.gather(
        maker.agent(model, again),
        _optional(maker.environment(f"quiet{again}", "self_hosted")),
        _not_self_hosted(maker, again),
        return_exceptions=True,
    )
    second_environment, not_self_hosted = _made(quiet), _made(cloud)
    said = Text("{lack}: {why}", "{lack}：{why}")
    missing = {
        name: said.format(lack=lack, why=place.why).to_json()
        for name, place, lack in (("quiet", second_environment, NO_SECOND), ("cloud", not_self_hosted, _NO_CLOUD))
        if place.why is not None
    }
    return RunResources(
        run_id=run_id,
        main=main,
        agent=_made(agent),
        quiet=second_environment.id,
        cloud=not_self_hosted.id,
        missing=missing,
    )


@dataclass(frozen=True, slots=True)
class _Optional:
    """An environment that may be missing, with the reason in that case."""

    id: str | None
    why: Text | None = None


def worker_mismatch_reason_key(state: str) -> str:
    """Return the key in `RunResources.missing` that says that items in this state belong to another worker."""
    return f"worker.{state}"


class ResourceFactory:
    """Creates objects and journals each before and after. `keyed` names do not identify the suite."""

    def __init__(self, api: Api, journal: Journal, run_id: str, *, keyed: bool = False) -> None:
        self._api = api
        self._journal = journal
        self._run_id = run_id
        self._keyed = keyed

    async def environment(self, label: str, kind: str) -> str:
        """Create an environment of that `config.type` and return its id."""
        name = self._name(label)
        return await self._make(
            "environments",
            name,
            lambda: self._api.create_environment(
                f"create-environment.{label}", name=name, kind=kind, metadata=self._metadata(label)
            ),
        )

    async def agent(self, model: str, again: str = "") -> str:
        """Create the agent that every session uses and return its id."""
        name = self._name(f"agent{again}")
        return await self._make(
            "agents",
            name,
            lambda: self._api.create_agent("create-agent", name=name, model=model, metadata=self._metadata("agent")),
        )

    async def session(self, step: str, label: str, *, agent: str, environment: str) -> str:
        """Create a session and return its id."""
        name = self._name(label)
        return await self._make(
            "sessions",
            name,
            lambda: self._api.create_session(
                step, title=name, agent_id=agent, environment_id=environment, metadata=self._metadata(label)
            ),
        )

    def _name(self, label: str) -> str:
        return object_name(self._run_id, label, keyed=self._keyed)

    def _metadata(self, label: str) -> dict[str, str]:
        return metadata(self._run_id, label, keyed=self._keyed)

    async def _make(self, collection: Collection, name: str, create: Callable[[], Awaitable[Exchange]]) -> str:
        self._journal.record_intent(collection, name)
        exchange = await create()
        if exchange.response is not None and 400 <= exchange.response.status < 500:
            self._journal.record_refused(collection, name)
        object_id = id_of(exchange)
        self._journal.record_created(collection, name, object_id)
        return object_id


def _made(result: T | BaseException) -> T:
    if isinstance(result, BaseException):
        raise result
    return result


async def _not_self_hosted(maker: ResourceFactory, again: str) -> _Optional:
    """Create the first kind that the target accepts; or return why it refused the documented one."""
    refused: list[_Optional] = []
    for kind in _NOT_SELF_HOSTED:
        made = await _optional(maker.environment(f"not-self-hosted-{kind}{again}", kind))
        if made.id is not None:
            return made
        refused.append(made)
    return refused[0]


async def _optional(making: Awaitable[str]) -> _Optional:
    try:
        return _Optional(await making)
    except CannotArrange as failure:
        return _Optional(None, failure.reason)


async def _model(api: Api) -> str:
    """Return a model id that this account may use, or the docs' own example if the list contains none."""
    try:
        listing = body_of(await api.models("models"))
        entries = listing["data"] if isinstance(listing, dict) else []
        usable = [entry["id"] for entry in entries if isinstance(entry["id"], str) and entry.get("is_enabled", True)]
    except (CannotArrange, KeyError, TypeError, AttributeError):
        usable = []
    return _FALLBACK_MODEL if _FALLBACK_MODEL in usable or not usable else usable[0]
