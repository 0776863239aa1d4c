"""The changes since the baseline on the page: marks beside failures, and lists of what no longer fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from conformance.judging.baseline import ChangesSince
from conformance.judging.change import Change
from conformance.reporting.baseline_text import SINCE
from conformance.reporting.escaping import escape_line
from conformance.reporting.html.html_text import utc
from conformance.text import Text

MarkKind = Literal["new", "still", "revealed"]

MARKS: Final[dict[MarkKind, Text]] = {
    "new": Text("new", "新的失败"),
    "still": Text("still failing", "仍然失败"),
    "revealed": Text("not judged then", "当时未判定"),
}
_KINDS: Final[dict[Change, MarkKind]] = {
    "new": "new",
    "wider": "new",
    "still": "still",
    "narrower": "still",
    "revealed": "revealed",
}
_WIDER: Final = Text("new in more scenarios", "新增失败的场景")
_SHOWN: Final = 6
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SinceMark:
    """The mark of a failure. `scenarios` are those that newly fail beside others that already failed."""

    kind: MarkKind
    word: Text
    scenarios: tuple[str, ...] = ()
    more: int = 0


class SinceView:
    """The changes since the baseline, for the templates."""

    def __init__(self, since: ChangesSince) -> None:
        self._since = since
        self.base_url = since.baseline.base_url
        self.fixed = since.of("fixed")
        self.dropped = since.of("dropped")

    @property
    def title(self) -> Text:
        """Which run the baseline is."""
        about = self._since.baseline
        time = utc(escape_line(about.started_at, _LONGEST))
        return SINCE.format(run=escape_line(about.run_id, _LONGEST), time=time)

    @property
    def counts(self) -> list[tuple[MarkKind, Text, int]]:
        """The marks with their numbers; `new` also if there are none."""
        kinds = [_KINDS[change] for change in self._since.changes.values() if change in _KINDS]
        return [(kind, word, kinds.count(kind)) for kind, word in MARKS.items() if kind == "new" or kind in kinds]

    def mark(self, requirement: str) -> SinceMark | None:
        """Return the mark of a requirement; None if it does not fail."""
        change = self._since.changes.get(requirement, "other")
        kind = _KINDS.get(change)
        if kind is None:
            return None
        if change != "wider":
            return SinceMark(kind=kind, word=MARKS[kind])
        names = self._since.new_scenarios[requirement]
        return SinceMark(kind=kind, word=_WIDER, scenarios=names[:_SHOWN], more=max(0, len(names) - _SHOWN))
