"""Items that somebody else brought into their state: the suite reads them with a get, and neither polls nor creates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from conformance.arrange.command_arranger import PROGRAM, ArrangeProgram, request_for
from conformance.arrange.environment_tokens import add_environment_tokens
from conformance.arrange.environments import RunResources, worker_mismatch_key
from conformance.arrange.item_assignment import ItemAssignment, kind_for_spec
from conformance.arrange.item_spec import Item, ItemSpec, State
from conformance.arrange.journal import Journal
from conformance.arrange.manifest import ManifestEntry
from conformance.arrange.responses import CannotArrange, NotExercised, NoUsableResponse, object_of
from conformance.client.api import Api
from conformance.exchange import Exchange, Header
from conformance.target import Target
from conformance.text import Text

MANIFEST: Final = "manifest"
"""The step to look at where the manifest is what lacks."""

GET_STEP: Final = "arrange.get"
"""The step of the get that shows a given item."""

_ONWARD: Final = ("queued", "starting", "active", "stopping", "stopped")
"""The states in the order in which an item goes through them."""

_USED: Final = Text(
    ": the manifest was used before, or the item was acked or stopped by somebody else; make a new one",
    "：清单此前已被使用，或该 item 已被他人 ack 或停止；请重新生成",
)

_WHOSE: Final = frozenset({"worker", "worker_id", "workerid", "claimed_by"})
"""Undocumented fields in which servers show whose an item is."""

_NEEDS_POLL: Final = Text(
    "this needs a poll of the suite's own, and the items of this run are given to it",
    "这需要由本套件自行 poll，而本次运行的 item 是外部给定的",
)


class ManifestArranger:
    """Hands out the entries of a manifest, each once in the whole run; one that is `reserved` comes first."""

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
        """The case's own entry, or a spare one where that was used already."""
        if item_spec.needs_poll:
            raise NotExercised(_NEEDS_POLL)
        entry = self._take(item_spec)
        return await read_prepared_item(self._api, item_spec, entry.environment_id, entry.work_id, entry.worker_id)

    async def redeliver(self, item: Item, headers: tuple[Header, ...], *, patience: float) -> Item:
        """Never: that would take a poll."""
        raise NotExercised(_NEEDS_POLL)

    def _take(self, item_spec: ItemSpec) -> ManifestEntry:
        if self._reserved is not None:
            entry, self._reserved = self._reserved, None
            return entry
        kind = kind_for_spec(item_spec)
        supply = self._allotment.supply(kind)
        own = self._allotment.own.get(self._case)
        if own is None:
            words = Text(
                "The manifest has too few items that are {kind}: {needed} needed, {there} there.",
                "清单中 {kind} 的 item 不足：需要 {needed} 个，现有 {there} 个。",
            )
            raise CannotArrange(words.format(kind=kind.words, needed=supply.needed, there=supply.there), MANIFEST)
        for entry in (own, *supply.spare):
            if self._journal.claim(entry.environment_id, entry.work_id):
                return entry
        words = Text(
            "Another attempt takes a fresh item, and the manifest has no spare one that is {kind}.",
            "重新尝试需要一个新的 item，而清单中没有备用的 {kind} item。",
        )
        raise CannotArrange(words.format(kind=kind.words), MANIFEST)


class CommandArranger:
    """Asks a vendor's program for each item."""

    kind = "command"
    items_to_clean_up = ()

    def __init__(self, api: Api, program: ArrangeProgram, run_resources: RunResources, journal: Journal) -> None:
        self._api = api
        self._program = program
        self._workspace = run_resources
        self._journal = journal

    async def item(self, item_spec: ItemSpec, worker: str | None, *, header: str | None = None, name: str = "") -> Item:
        """An item that the program made just now."""
        if item_spec.needs_poll:
            raise NotExercised(_NEEDS_POLL)
        worker = worker if item_spec.delivered else None
        wrong = self._workspace.missing.get(worker_mismatch_key(item_spec.state))
        if wrong is not None and worker is not None:
            raise CannotArrange(Text.from_json(wrong), PROGRAM)
        given = await self._program.item(request_for(item_spec, worker), item_spec.state)
        if given.pat_env is not None:
            add_environment_tokens(self._api.client, {given.environment_id: given.pat_env})
        if not self._journal.claim(given.environment_id, given.work_id, given.pat_env):
            raise CannotArrange(
                Text(
                    "The arranging program gave an item that it had given before.",
                    "安排程序给出了此前已经给出过的 item。",
                ),
                PROGRAM,
            )
        if item_spec.delivered and given.environment_id in {self._workspace.cloud, self._workspace.quiet}:
            raise CannotArrange(
                Text(
                    "The arranging program gave an item of the environment that it had named as another one.",
                    "安排程序给出的 item 属于它先前指定的另一个环境。",
                ),
                PROGRAM,
            )
        return await read_prepared_item(self._api, item_spec, given.environment_id, given.work_id, worker)

    async def redeliver(self, item: Item, headers: tuple[Header, ...], *, patience: float) -> Item:
        """Never: that would take a poll."""
        raise NotExercised(_NEEDS_POLL)


def _showing(item_spec: ItemSpec, target: Target) -> Callable[[Exchange], bool]:
    """Whether a get shows the item in a state that will do; one that lags behind may not do so yet."""

    def shows(exchange: Exchange) -> bool:
        try:
            return item_spec.accepts_state(target.state_named(object_of(exchange).get("state")))
        except NoUsableResponse:
            return True
        except CannotArrange:
            return False

    return shows


async def read_prepared_item(
    api: Api, item_spec: ItemSpec, environment_id: str, work_id: str, worker: str | None
) -> Item:
    """The item as a get shows it, which is what everything later is compared with.

    Raises:
        CannotArrange: it is not there, or in another state than was said.
    """
    seen = object_of(await api.get_until(GET_STEP, environment_id, work_id, _showing(item_spec, api.client.target)))
    state = seen.get("state")
    if not item_spec.accepts_state(api.client.target.state_named(state)):
        words = Text(
            "A given item is said to be `{said}`, and a get shows `{found}`{used}.",
            "给定的 item 声称处于 `{said}`，而 get 显示为 `{found}`{used}。",
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
        seen=seen,
    )


def _used_before(said: State, found: object) -> bool:
    """Whether an item has gone on since it was listed, as it does when a run uses it."""
    return found in _ONWARD and _ONWARD.index(str(found)) > _ONWARD.index(said)


def _refuse_another_worker(seen: dict[str, Any], worker: str | None) -> None:
    """Where the target shows whose an item is (no page documents it), it has to be the worker that was asked for.

    Raises:
        CannotArrange: it is another one's, which is the fault of whoever arranged it.
    """
    for name in seen if worker is not None else ():
        found = seen[name]
        if name.lower() in _WHOSE and isinstance(found, str) and found and found.lower() != str(worker).lower():
            raise CannotArrange(
                Text(
                    "A given item is said to be of worker `{said}`, and a get shows `{found}`: whoever arranged it polled as"
                    " another worker.",
                    "给定的 item 声称属于 worker `{said}`，而 get 显示为 `{found}`：安排该 item 的一方以其他 worker 的身份执行了 poll。",
                ).format(said=worker, found="".join(char if char.isprintable() else "?" for char in found[:64])),
                GET_STEP,
            )
