"""Creates a manifest over the public API: every item that the scenarios need, left in its state for a later run."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from conformance.arrange.api_arranger import ApiArranger
from conformance.arrange.environments import RunResources, create_run_resources
from conformance.arrange.item_assignment import ItemKind, kind_for_spec
from conformance.arrange.item_spec import ItemSpec
from conformance.arrange.journal import Journal
from conformance.arrange.manifest import Manifest, ManifestEntry
from conformance.arrange.prepared_items import read_prepared_item
from conformance.arrange.responses import CannotArrange, NoUsableResponse, PreconditionNotMet
from conformance.client.api import Api
from conformance.text import Text

_TRIES: Final = 3
_NAMES: Final = {"quiet": "second_environment_id", "cloud": "cloud_environment_id"}


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What could not be created: a number of items of a kind, or an environment, and the first reason."""

    what: Text
    n: int
    why: Text


async def make_manifest(
    api: Api, journal: Journal, run_id: str, item_specs: Iterable[ItemSpec], *, spare: int, at_once: int
) -> tuple[Manifest | None, list[Shortfall]]:
    """Prepare an item for each specification, and `spare` more of each kind. Every object is journalled first.

    Returns the created manifest (None if nothing could be created) and what is missing.

    Raises:
        CannotArrange, NoUsableResponse, TargetUnreachable: the environments or the agent cannot be created, or the target is
            unavailable.
    """
    run_resources = await create_run_resources(api, journal, run_id)
    gate = asyncio.Semaphore(at_once)

    async def one(number: int, item_spec: ItemSpec) -> ManifestEntry:
        async with gate:
            return await _entry(api, run_resources, journal, number, item_spec)

    asked = list(_with_spares([item_spec for item_spec in item_specs if not item_spec.needs_poll], spare))
    asked = [item_spec for item_spec in asked if run_resources.environment(item_spec.place) is not None]
    results = await asyncio.gather(*(one(*pair) for pair in enumerate(asked, 1)), return_exceptions=True)
    items, failed = [], defaultdict[ItemKind, list[Text]](list)
    for item_spec, result in zip(asked, results, strict=True):
        if isinstance(result, CannotArrange | PreconditionNotMet):
            failed[kind_for_spec(item_spec)].append(result.reason)
        elif isinstance(result, NoUsableResponse):
            failed[kind_for_spec(item_spec)].append(_LOST)
        elif isinstance(result, BaseException):
            raise result
        else:
            items.append(result)
    lacks = [
        Shortfall(Text(f"`{_NAMES[name]}`", f"`{_NAMES[name]}`"), 1, Text.from_json(why))
        for name, why in run_resources.missing.items()
    ]
    lacks += [Shortfall(kind.words, len(reasons), reasons[0]) for kind, reasons in failed.items()]
    if not items:
        return None, lacks
    return Manifest(
        items=tuple(items), cloud_environment_id=run_resources.cloud, second_environment_id=run_resources.quiet
    ), lacks


_LOST: Final = Text("its responses were lost", "相关请求的响应丢失")


def _with_spares(item_specs: Iterable[ItemSpec], spare: int) -> Iterator[ItemSpec]:
    first: dict[ItemKind, ItemSpec] = {}
    for item_spec in item_specs:
        first.setdefault(kind_for_spec(item_spec), item_spec)
        yield item_spec
    for item_spec in first.values():
        yield from [item_spec] * spare


def _worker_id(number: int) -> str:
    """Return a worker id; every other one does not identify the suite."""
    return str(uuid.uuid4()) if number % 2 else f"conformance-{secrets.token_hex(6)}"


async def _entry(
    api: Api, run_resources: RunResources, journal: Journal, number: int, item_spec: ItemSpec
) -> ManifestEntry:
    """Create one item. If a response is lost, start another; the first one is cleaned up with the rest."""
    for attempt in range(1, _TRIES + 1):
        arranger = ApiArranger(api, run_resources, journal, f"item-{number}-{attempt}")
        worker = _worker_id(number) if item_spec.named and item_spec.delivered else None
        try:
            item = await arranger.item(item_spec, worker)
            item = await read_prepared_item(api, item_spec, item.environment_id, item.work_id, worker)
        except NoUsableResponse:
            if attempt == _TRIES:
                raise
        else:
            return ManifestEntry(
                state=item_spec.state,
                environment_id=item.environment_id,
                work_id=item.work_id,
                worker_id=worker,
                delivered=item_spec.delivered,
                stopped_by=item_spec.stopped_by,
                came_from=item_spec.came_from,
            )
    raise AssertionError
