"""Which scenario gets which prepared item: depends on the plan and the manifest alone, so all processes agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from conformance.arrange.item_spec import ItemSpec, State, StoppedBy
from conformance.arrange.manifest import ManifestEntry
from conformance.text import Text, join

Poll = Literal["named", "anonymous", "never"]

_POLLS: Mapping[Poll, Text] = {
    "named": Text("polled with a Worker-ID", "poll 时带有 Worker-ID"),
    "anonymous": Text("polled without a Worker-ID", "poll 时不带 Worker-ID"),
    "never": Text("never delivered", "从未投递"),
}
_STOPS: Mapping[StoppedBy, Text] = {
    "graceful": Text("stopped gracefully while queued", "在 queued 状态下优雅停止"),
    "drained": Text("drained", "排空后停止"),
    "forced": Text("stopped by force", "被强制停止"),
}


@dataclass(frozen=True, slots=True)
class ItemKind:
    """The properties that make two items interchangeable."""

    state: State
    poll: Poll
    stopped_by: StoppedBy | None

    @property
    def words(self) -> Text:
        """Return for example "`stopped` (by force, polled with a Worker-ID)"."""
        marks = [_STOPS[self.stopped_by]] if self.stopped_by else []
        return Text("`{state}` ({marks})", "`{state}`（{marks}）").format(
            state=self.state, marks=join(Text(", ", "，"), [*marks, _POLLS[self.poll]])
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSupply:
    """For one kind: how many scenarios need an item, how many items exist, and which of them are spare."""

    needed: int
    there: int
    spare: tuple[ManifestEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAssignment:
    """The entry of each scenario, and the supply of each kind. A scenario without an item has no entry."""

    own: Mapping[str, ManifestEntry]
    supplies: Mapping[ItemKind, ItemSupply]

    def supply(self, kind: ItemKind) -> ItemSupply:
        """Return the supply of a kind."""
        return self.supplies.get(kind, ItemSupply(needed=0, there=0, spare=()))


def kind_for_spec(item_spec: ItemSpec) -> ItemKind:
    """Return the kind of item that a scenario needs."""
    poll: Poll = "never" if not item_spec.delivered else "named" if item_spec.named else "anonymous"
    return ItemKind(item_spec.state, poll, item_spec.stopped_by)


def kind_of_entry(entry: ManifestEntry) -> ItemKind:
    """Return the kind of an entry."""
    poll: Poll = "never" if not entry.delivered else "anonymous" if entry.worker_id is None else "named"
    return ItemKind(entry.state, poll, entry.stopped_by)


def assign_items(plan: Iterable[tuple[str, ItemSpec]], entries: Iterable[ManifestEntry]) -> ItemAssignment:
    """Assign each scenario, in the order of the plan, an entry of its kind; those with the same origin come first.

    No entry is assigned twice, and none is kept back while a scenario of its kind has none.
    """
    cases: dict[ItemKind, list[tuple[str, ItemSpec]]] = defaultdict(list)
    stock: dict[ItemKind, list[ManifestEntry]] = defaultdict(list)
    for name, item_spec in plan:
        if item_spec.items and not item_spec.needs_poll:
            cases[kind_for_spec(item_spec)].append((name, item_spec))
    for entry in entries:
        stock[kind_of_entry(entry)].append(entry)
    own: dict[str, ManifestEntry] = {}
    supplies: dict[ItemKind, ItemSupply] = {}
    for kind in dict.fromkeys((*cases, *stock)):
        given = _share_out(cases[kind], stock[kind])
        own |= given
        taken = set(given.values())
        supplies[kind] = ItemSupply(
            needed=len(cases[kind]),
            there=len(stock[kind]),
            spare=tuple(entry for entry in stock[kind] if entry not in taken),
        )
    return ItemAssignment(own=own, supplies=supplies)


def _share_out(cases: Sequence[tuple[str, ItemSpec]], stock: Sequence[ManifestEntry]) -> dict[str, ManifestEntry]:
    given: dict[str, ManifestEntry] = {}
    left = list(stock)
    for name, item_spec in cases:
        match = next((entry for entry in left if entry.came_from == item_spec.came_from), None)
        if match is not None:
            given[name] = match
            left.remove(match)
    for name, _ in cases:
        if name not in given and left:
            given[name] = left.pop(0)
    return given
