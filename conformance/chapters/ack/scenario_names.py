"""Names and titles of scenarios that run in several states. `queued` is the plain case, which neither mentions."""

from __future__ import annotations

from conformance.arrange.item_spec import State
from conformance.text import Text


def scenario_id_in_state(state: State, scenario_id: str) -> str:
    """Return the id of a scenario in that state."""
    return scenario_id if state == "queued" else f"{scenario_id}.{state}"


def scenario_title_in_state(state: State, title: Text) -> Text:
    """Return the title of a scenario in that state."""
    if state == "queued":
        return title
    return Text("{title}, while the item is {s}", "{title}，item 处于 {s}").format(title=title, s=state)
