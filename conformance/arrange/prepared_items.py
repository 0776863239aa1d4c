"""Items that somebody else brought into their state: the suite reads them with a get, and neither polls nor creates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from conformance.arrange.command_arranger import PROGRAM, Program, request_for
from conformance.arrange.environment_tokens import learn
from conformance.arrange.environments import Workspace, worker_of
from conformance.arrange.item_assignment import Allotment, kind_wanted
from conformance.arrange.item_spec import Item, State, Want
from conformance.arrange.journal import Journal
from conformance.arrange.manifest import Entry
from conformance.arrange.responses import AnswerLost, CannotArrange, NotOffered, object_of
from conformance.client.api import Api
from conformance.exchange import Exchange, Header
from conformance.target import Target
from conformance.text import Text

MANIFEST: Final = "manifest"
"""The step to look at where the manifest is what lacks."""

SEEN: Final = "arrange.get"
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
    used = ()

    def __init__(
        self, api: Api, allotment: Allotment, journal: Journal, case: str, *, reserved: Entry | None = None
    ) -> None:
        self._api = api
        self._allotment = allotment
        self._journal = journal
        self._case = case
        self._reserved = reserved

    async def item(self, want: Want, worker: str | None, *, header: str | None = None, name: str = "") -> Item:
        """The case's own entry, or a spare one where that was used already."""
        if want.needs_poll:
            raise NotOffered(_NEEDS_POLL)
        entry = self._take(want)
        return await shown_item(self._api, want, entry.environment_id, entry.work_id, entry.worker_id)

    async def deliver_again(self, item: Item, headers: tuple[Header, ...], *, patience: float) -> Item:
        """Never: that would take a poll."""
        raise NotOffered(_NEEDS_POLL)

    def _take(self, want: Want) -> Entry:
        if self._reserved is not None:
            entry, self._reserved = self._reserved, None
            return entry
        kind = kind_wanted(want)
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
    used = ()

    def __init__(self, api: Api, program: Program, workspace: Workspace, journal: Journal) -> None:
        self._api = api
        self._program = program
        self._workspace = workspace
        self._journal = journal

    async def item(self, want: Want, worker: str | None, *, header: str | None = None, name: str = "") -> Item:
        """An item that the program made just now."""
        if want.needs_poll:
            raise NotOffered(_NEEDS_POLL)
        worker = worker if want.delivered else None
        wrong = self._workspace.missing.get(worker_of(want.state))
        if wrong is not None and worker is not None:
            raise CannotArrange(Text.from_json(wrong), PROGRAM)
        given = await self._program.item(request_for(want, worker), want.state)
        if given.pat_env is not None:
            learn(self._api.client, {given.environment_id: given.pat_env})
        if not self._journal.claim(given.environment_id, given.work_id, given.pat_env):
            raise CannotArrange(
                Text(
                    "The arranging program gave an item that it had given before.",
                    "安排程序给出了此前已经给出过的 item。",
                ),
                PROGRAM,
            )
        if want.delivered and given.environment_id in {self._workspace.cloud, self._workspace.quiet}:
            raise CannotArrange(
                Text(
                    "The arranging program gave an item of the environment that it had named as another one.",
                    "安排程序给出的 item 属于它先前指定的另一个环境。",
                ),
                PROGRAM,
            )
        return await shown_item(self._api, want, given.environment_id, given.work_id, worker)

    async def deliver_again(self, item: Item, headers: tuple[Header, ...], *, patience: float) -> Item:
        """Never: that would take a poll."""
        raise NotOffered(_NEEDS_POLL)


def _showing(want: Want, target: Target) -> Callable[[Exchange], bool]:
    """Whether a get shows the item in a state that will do; one that lags behind may not do so yet."""

    def shows(exchange: Exchange) -> bool:
        try:
            return want.met_by(target.state_named(object_of(exchange).get("state")))
        except AnswerLost:
            return True
        except CannotArrange:
            return False

    return shows


async def shown_item(api: Api, want: Want, environment_id: str, work_id: str, worker: str | None) -> Item:
    """The item as a get shows it, which is what everything later is compared with.

    Raises:
        CannotArrange: it is not there, or in another state than was said.
    """
    seen = object_of(await api.get_until(SEEN, environment_id, work_id, _showing(want, api.client.target)))
    state = seen.get("state")
    if not want.met_by(api.client.target.state_named(state)):
        words = Text(
            "A given item is said to be `{said}`, and a get shows `{found}`{used}.",
            "给定的 item 声称处于 `{said}`，而 get 显示为 `{found}`{used}。",
        )
        used = _USED if _used_before(want.state, state) else Text("", "")
        raise CannotArrange(words.format(said=want.state, found=str(state)[:20], used=used), SEEN)
    _refuse_another_worker(seen, worker)
    return Item(
        environment_id=environment_id, work_id=work_id, place=want.place, worker=worker, seen_by=SEEN, seen=seen
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
                SEEN,
            )
