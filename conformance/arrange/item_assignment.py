"""Which case gets which prepared item: decided from the plan and the manifest alone, so that every process agrees."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from conformance.arrange.item_spec import State, StoppedBy, Want
from conformance.arrange.manifest import Entry
from conformance.text import Text, join

Poll = Literal["named", "anonymous", "never"]

_POLLS: Mapping[Poll, Text] = {
    "named": Text("polled with a Worker-ID", "poll 时带 Worker-ID"),
    "anonymous": Text("polled without a Worker-ID", "poll 时不带 Worker-ID"),
    "never": Text("never delivered", "从未投递"),
}
_STOPS: Mapping[StoppedBy, Text] = {
    "graceful": Text("stopped gracefully while queued", "在 queued 时被优雅停止"),
    "drained": Text("drained", "排空后停止"),
    "forced": Text("stopped by force", "被强制停止"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What makes two items interchangeable."""

    state: State
    poll: Poll
    stopped_by: StoppedBy | None

    @property
    def words(self) -> Text:
        """For example "`stopped` (by force, polled with a Worker-ID)"."""
        marks = [_STOPS[self.stopped_by]] if self.stopped_by else []
        return Text("`{state}` ({marks})", "`{state}`（{marks}）").format(
            state=self.state, marks=join(Text(", ", "，"), [*marks, _POLLS[self.poll]])
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """Of one kind: how many cases need an item, how many items there are, and those that are no case's own."""

    needed: int
    there: int
    spare: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Allotment:
    """Each case's own entry, and what there is of each kind. A case that misses its item has none."""

    own: Mapping[str, Entry]
    supplies: Mapping[Kind, Supply]

    def supply(self, kind: Kind) -> Supply:
        """What there is of a kind."""
        return self.supplies.get(kind, Supply(needed=0, there=0, spare=()))


def kind_wanted(want: Want) -> Kind:
    """The kind of item that a case needs."""
    poll: Poll = "never" if not want.delivered else "named" if want.named else "anonymous"
    return Kind(want.state, poll, want.stopped_by)


def kind_of(entry: Entry) -> Kind:
    """The kind that an entry is of."""
    poll: Poll = "never" if not entry.delivered else "anonymous" if entry.worker_id is None else "named"
    return Kind(entry.state, poll, entry.stopped_by)


def allot(plan: Iterable[tuple[str, Want]], entries: Iterable[Entry]) -> Allotment:
    """Give each case, in the order of the plan, an entry of its kind; those that came the same way come first.

    No entry is given twice, and none is kept back while a case of its kind has nothing.
    """
    cases: dict[Kind, list[tuple[str, Want]]] = defaultdict(list)
    stock: dict[Kind, list[Entry]] = defaultdict(list)
    for name, want in plan:
        if not want.needs_poll:
            cases[kind_wanted(want)].append((name, want))
    for entry in entries:
        stock[kind_of(entry)].append(entry)
    own: dict[str, Entry] = {}
    supplies: dict[Kind, Supply] = {}
    for kind in dict.fromkeys((*cases, *stock)):
        given = _share_out(cases[kind], stock[kind])
        own |= given
        taken = set(given.values())
        supplies[kind] = Supply(
            needed=len(cases[kind]),
            there=len(stock[kind]),
            spare=tuple(entry for entry in stock[kind] if entry not in taken),
        )
    return Allotment(own=own, supplies=supplies)


def _share_out(cases: Sequence[tuple[str, Want]], stock: Sequence[Entry]) -> dict[str, Entry]:
    given: dict[str, Entry] = {}
    left = list(stock)
    for name, want in cases:
        match = next((entry for entry in left if entry.came_from == want.came_from), None)
        if match is not None:
            given[name] = match
            left.remove(match)
    for name, _ in cases:
        if name not in given and left:
            given[name] = left.pop(0)
    return given
