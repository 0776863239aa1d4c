"""Items that were prepared elsewhere: the suite reads them with a GET, and neither polls nor creates them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from conformance.arrange.command_arranger import PROGRAM, ArrangeProgram, request_for
from conformance.arrange.environment_tokens import add_environment_tokens
from conformance.arrange.environments import RunResources, worker_mismatch_reason_key
from conformance.arrange.item_assignment import ItemAssignment, kind_for_spec
from conformance.arrange.item_spec import Item, ItemSpec, State
from conformance.arrange.journal import Journal
from conformance.arrange.manifest import ManifestEntry
from conformance.arrange.responses import CannotArrange, NotSupported, NoUsableResponse, object_of
from conformance.client.api import Api
from conformance.exchange import Exchange, Header
from conformance.target import Target
from conformance.text import Text

MANIFEST: Final = "manifest"
"""The step that is reported if the manifest lacks an item."""

GET_STEP: Final = "arrange.get"
"""The step of the GET that shows a prepared item."""

_ONWARD: Final = ("queued", "starting", "active", "stopping", "stopped")
"""The states in the order of an item's life."""

_USED: Final = Text(
    ": the manifest was used before, or the item was acked or stopped elsewhere; make a new manifest",
    "：该清单已经使用过，或该 item 已在别处被 ack 或停止；请重新生成清单",
)

_WHOSE: Final = frozenset({"worker", "worker_id", "workerid", "claimed_by"})
"""Undocumented fields in which servers show an item's worker."""

_NEEDS_POLL: Final = Text(
    "the suite must poll for this itself, and this run uses prepared items",
    "这需要套件自行执行 poll，而本次运行使用预先准备的 item",
)


class ManifestArranger:
    """Assigns the entries of a manifest, each once in the whole run; one that is `reserved` comes first."""

    kind = "manifest"
    items_to_clean_up = ()

    def __init__(
        self,
        api: Api,
        item_assignment: ItemAssignment,
        journal: Journal,
        case: str,
        *,
        reserved: ManifestEntry | None = None,
    ) -> None:
        self._api = api
        self._allotment = item_assignment
        self._journal = journal
        self._case = case
        self._reserved = reserved

    async def item(self, item_spec: ItemSpec, worker: str | None, *, header: str | None = None, name: str = "") -> Item:
        """Return the scenario's own entry, or a spare one if that was used already."""
        if item_spec.needs_poll:
            raise NotSupported(_NEEDS_POLL)
        entry = self._take(item_spec)
        return await read_prepared_item(self._api, item_spec, entry.environment_id, entry.work_id, entry.worker_id)

    async def redeliver(self, item: Item, headers: tuple[Header, ...], *, patience: float) -> Item:
        """Raise: this would need a poll."""
        raise NotSupported(_NEEDS_POLL)

    async def new_environment(self, label: str) -> str:
        """Raise: the suite creates nothing."""
        raise NotSupported(_NEEDS_POLL)

    async def queue_in(self, environment_id: str, name: str) -> str:
        """Raise: the suite creates nothing."""
        raise NotSupported(_NEEDS_POLL)

    def _take(self, item_spec: ItemSpec) -> ManifestEntry:
        if self._reserved is not None:
            entry, self._reserved = self._reserved, None
            return entry
        kind = kind_for_spec(item_spec)
        supply = self._allotment.supply(kind)
        own = self._allotment.own.get(self._case)
        if own is None:
            words = Text(
                "The manifest has too few items that are {kind}: {needed} needed, {there} found.",
                "清单中 {kind} 的 item 不足：需要 {needed} 个，现有 {there} 个。",
            )
            raise CannotArrange(words.format(kind=kind.words, needed=supply.needed, there=supply.there), MANIFEST)
        for entry in (own, *supply.spare):
            if self._journal.claim(entry.environment_id, entry.work_id):
                return entry
        words = Text(
            "A retry needs a fresh item, and the manifest has no spare one that is {kind}.",
            "重试需要一个新的 item，而清单中没有备用的 {kind} item。",
        )
        raise CannotArrange(words.format(kind=kind.words), MANIFEST)


class CommandArranger:
    """Requests each item from a vendor's program."""

    kind = "command"
    items_to_clean_up = ()

    def __init__(self, api: Api, program: ArrangeProgram, run_resources: RunResources, journal: Journal) -> None:
        self._api = api
        self._program = program
        self._workspace = run_resources
        self._journal = journal

    async def item(self, item_spec: ItemSpec, worker: str | None, *, header: str | None = None, name: str = "") -> Item:
        """Return an item that the program has just prepared."""
        if item_spec.needs_poll:
            raise NotSupported(_NEEDS_POLL)
        worker = worker if item_spec.delivered else None
        wrong = self._workspace.missing.get(worker_mismatch_reason_key(item_spec.state))
        if wrong is not None and worker is not None:
            raise CannotArrange(Text.from_json(wrong), PROGRAM)
        given = await self._program.item(request_for(item_spec, worker), item_spec.state)
        if given.pat_env is not None:
            add_environment_tokens(self._api.client, {given.environment_id: given.pat_env})
        if not self._journal.claim(given.environment_id, given.work_id, given.pat_env):
            raise CannotArrange(
                Text(
                    "The --arrange-command program provided the same item twice.",
                    "准备 item 的程序两次提供了同一个 item。",
                ),
                PROGRAM,
            )
        if item_spec.delivered and given.environment_id in {self._workspace.cloud, self._workspace.quiet}:
            raise CannotArrange(
                Text(
                    "The --arrange-command program provided an item in an environment that it had "
                    "supplied as `cloud-environment` or `second-environment`.",
                    "准备 item 的程序所提供的 item，属于它先前作为 `cloud-environment` 或 `second-environment` 给出的环境。",
                ),
                PROGRAM,
            )
        return await read_prepared_item(self._api, item_spec, given.environment_id, given.work_id, worker)

    async def redeliver(self, item: Item, headers: tuple[Header, ...], *, patience: float) -> Item:
        """Raise: this would need a poll."""
        raise NotSupported(_NEEDS_POLL)

    async def new_environment(self, label: str) -> str:
        """Raise: the suite creates nothing."""
        raise NotSupported(_NEEDS_POLL)

    async def queue_in(self, environment_id: str, name: str) -> str:
        """Raise: the suite creates nothing."""
        raise NotSupported(_NEEDS_POLL)


def _showing(item_spec: ItemSpec, target: Target) -> Callable[[Exchange], bool]:
    """Return whether a GET shows the item in an acceptable state; a GET that lags behind may not do so yet."""

    def shows(exchange: Exchange) -> bool:
        try:
            return item_spec.accepts_state(target.documented_state(object_of(exchange).get("state")))
        except NoUsableResponse:
            return True
        except CannotArrange:
            return False

    return shows


async def read_prepared_item(
    api: Api, item_spec: ItemSpec, environment_id: str, work_id: str, worker: str | None
) -> Item:
    """Return the item as a GET shows it, with which all later responses are compared.

    Raises:
        CannotArrange: it does not exist, or is in another state than its source says.
    """
    seen = object_of(await api.get_until(GET_STEP, environment_id, work_id, _showing(item_spec, api.client.target)))
    state = seen.get("state")
    if not item_spec.accepts_state(api.client.target.documented_state(state)):
        words = Text(
            "A prepared item should be `{said}`, but a GET shows `{found}`{used}.",
            "预先准备的 item 应处于 `{said}`，而 GET 显示 `{found}`{used}。",
        )
        used = _USED if _used_before(item_spec.state, state) else Text("", "")
        raise CannotArrange(words.format(said=item_spec.state, found=str(state)[:20], used=used), GET_STEP)
    _refuse_another_worker(seen, worker)
    return Item(
        environment_id=environment_id,
        work_id=work_id,
        place=item_spec.place,
        worker=worker,
        delivery_step=GET_STEP,
        observed_body=seen,
    )


def _used_before(said: State, found: object) -> bool:
    """Return whether an item has advanced since it was listed, as it does when a run uses it."""
    return found in _ONWARD and _ONWARD.index(str(found)) > _ONWARD.index(said)


def _refuse_another_worker(seen: dict[str, Any], worker: str | None) -> None:
    """Check the item's worker, if the target shows it (it is undocumented).

    Raises:
        CannotArrange: it is another worker than requested, which is a mistake in the preparation.
    """
    for name in seen if worker is not None else ():
        found = seen[name]
        if name.lower() in _WHOSE and isinstance(found, str) and found and found.lower() != str(worker).lower():
            raise CannotArrange(
                Text(
                    "A prepared item should belong to worker `{said}`, but a GET shows `{found}`: it was polled as another"
                    " worker.",
                    "预先准备的 item 应属于 worker `{said}`，而 GET 显示 `{found}`：poll 该 item 的是其他 worker。",
                ).format(said=worker, found="".join(char if char.isprintable() else "?" for char in found[:64])),
                GET_STEP,
            )
