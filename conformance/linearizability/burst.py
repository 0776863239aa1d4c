"""A whole burst beside its counterexample: every request that was in it, and what each has to do with the contradiction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from conformance.linearizability.counterexample import Counterexample
from conformance.linearizability.history import Event, sorted_by_invocation, timeline
from conformance.text import LANGS, Text

Role = Literal["needed", "beside", "outside"]
"""`needed`: its response is part of the contradiction. `beside`: it may have happened, which changes nothing.
`outside`: the contradiction exists without it.
"""


@dataclass(frozen=True, slots=True)
class Burst:
    """All events of a burst, sorted by request time, and the counterexample that was found in them."""

    counterexample: Counterexample
    events: tuple[Event, ...]

    def role(self, event: Event) -> Role:
        """Return what an event has to do with the contradiction."""
        found = self.counterexample
        if event.item != found.item:
            return "outside"
        if event.label in found.needed:
            return "needed"
        return "beside" if any(event.label == other.label for other in found.events) else "outside"

    @property
    def blamed(self) -> tuple[str, ...]:
        """The labels of the requests that caused what the last needed GET shows; empty if the last one is no GET."""
        last = self.counterexample.last
        if last.operation.kind != "get":
            return ()
        writes = (each for each in self.events if each.item == last.item and each.operation.kind != "get")
        return tuple(event.label for event in writes if event.invoked <= last.completed)

    def timeline(self) -> Text:
        """Return the events as lines of text: `*` precedes needed ones, `-` those outside the contradiction."""
        needed, outside = (
            [event.label for event in self.events if self.role(event) == role] for role in ("needed", "outside")
        )
        rows = {lang: timeline(self.events, marked=needed, dimmed=outside, lang=lang) for lang in LANGS}
        return Text("\n".join(rows["en"]), "\n".join(rows["zh"]))


def burst(counterexample: Counterexample, events: Iterable[Event]) -> Burst:
    """Return a burst whose `events` include those of the counterexample."""
    return Burst(counterexample, tuple(sorted_by_invocation([*events])))
