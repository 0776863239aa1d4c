"""Makes a manifest over the public API: every item that the cases need, left in its state for a later run."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from conformance.arrange.api_arranger import ApiArranger
from conformance.arrange.environments import Workspace, prepare
from conformance.arrange.item_assignment import Kind, kind_wanted
from conformance.arrange.item_spec import Want
from conformance.arrange.journal import Journal
from conformance.arrange.manifest import Entry, Manifest
from conformance.arrange.prepared_items import shown_item
from conformance.arrange.responses import AnswerLost, CannotArrange, Precondition
from conformance.client.api import Api
from conformance.text import Text

_TRIES: Final = 3
_NAMES: Final = {"quiet": "second_environment_id", "cloud": "cloud_environment_id"}


@dataclass(frozen=True, slots=True)
class Lack:
    """What could not be made: how many items of a kind, or an environment, and why the first of them could not."""

    what: Text
    n: int
    why: Text


async def make_manifest(
    api: Api, journal: Journal, run_id: str, wants: Iterable[Want], *, spare: int, at_once: int
) -> tuple[Manifest | None, list[Lack]]:
    """Arrange an item for each want, and `spare` more of each kind. What is made is journalled first.

    Returns what could be made, None where nothing could, and what lacks.

    Raises:
        CannotArrange, AnswerLost, TargetGone: the environments or the agent cannot be made, or the target is gone.
    """
    workspace = await prepare(api, journal, run_id)
    gate = asyncio.Semaphore(at_once)

    async def one(number: int, want: Want) -> Entry:
        async with gate:
            return await _entry(api, workspace, journal, number, want)

    asked = list(_with_spares([want for want in wants if not want.needs_poll], spare))
    asked = [want for want in asked if workspace.environment(want.place) is not None]
    results = await asyncio.gather(*(one(*pair) for pair in enumerate(asked, 1)), return_exceptions=True)
    items, failed = [], defaultdict[Kind, list[Text]](list)
    for want, result in zip(asked, results, strict=True):
        if isinstance(result, CannotArrange | Precondition):
            failed[kind_wanted(want)].append(result.reason)
        elif isinstance(result, AnswerLost):
            failed[kind_wanted(want)].append(_LOST)
        elif isinstance(result, BaseException):
            raise result
        else:
            items.append(result)
    lacks = [
        Lack(Text(f"`{_NAMES[name]}`", f"`{_NAMES[name]}`"), 1, Text.from_json(why))
        for name, why in workspace.missing.items()
    ]
    lacks += [Lack(kind.words, len(reasons), reasons[0]) for kind, reasons in failed.items()]
    if not items:
        return None, lacks
    return Manifest(
        items=tuple(items), cloud_environment_id=workspace.cloud, second_environment_id=workspace.quiet
    ), lacks


_LOST: Final = Text("its answers were lost", "其响应丢失")


def _with_spares(wants: Iterable[Want], spare: int) -> Iterator[Want]:
    first: dict[Kind, Want] = {}
    for want in wants:
        first.setdefault(kind_wanted(want), want)
        yield want
    for want in first.values():
        yield from [want] * spare


def _worker_id(number: int) -> str:
    """Every other one does not say that it is the suite's."""
    return str(uuid.uuid4()) if number % 2 else f"conformance-{secrets.token_hex(6)}"


async def _entry(api: Api, workspace: Workspace, journal: Journal, number: int, want: Want) -> Entry:
    """One item. Where an answer was lost on the way, another is begun; the first is cleaned up with the rest."""
    for attempt in range(1, _TRIES + 1):
        arranger = ApiArranger(api, workspace, journal, f"item-{number}-{attempt}")
        worker = _worker_id(number) if want.named and want.delivered else None
        try:
            item = await arranger.item(want, worker)
            item = await shown_item(api, want, item.environment_id, item.work_id, worker)
        except AnswerLost:
            if attempt == _TRIES:
                raise
        else:
            return Entry(
                state=want.state,
                environment_id=item.environment_id,
                work_id=item.work_id,
                worker_id=worker,
                delivered=want.delivered,
                stopped_by=want.stopped_by,
                came_from=want.came_from,
            )
    raise AssertionError
