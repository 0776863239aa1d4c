"""Updates of the metadata that a later get does not show."""

from __future__ import annotations

import json

import pytest

from conformance.exchange import Body, Exchange, Outcome, Request, Response
from conformance.stateful.lost_updates import METADATA_KEY, lost_updates

Sent = tuple[str, str, float, float, object]
"""(step, verb and item, invoked, completed, what is shown; None: the answer was lost)."""


def lost(*sent: Sent) -> dict[str, str]:
    moves = {step: [*words.split(), None] for step, words, *_ in sent}
    return lost_updates(moves, {each[0]: exchange(*each) for each in sent})


def exchange(step: str, words: str, invoked: float, completed: float, shown: object) -> Exchange:
    text = json.dumps({"metadata": shown}) if not isinstance(shown, str) else shown
    outcome: Outcome = "ok" if shown is not None else "unknown"
    return Exchange(
        step=step,
        operation=words,
        request=Request(method="", url="", headers=()),
        outcome=outcome,
        invoked=invoked,
        completed=completed,
        response=Response(status=200, headers=(), body=Body(text=text, size=len(text))) if shown is not None else None,
    )


def get(at: float, shown: object, item: str = "a") -> Sent:
    return (
        "get",
        f"get {item}",
        at,
        at + 0.5,
        {METADATA_KEY: shown} if shown is None or isinstance(shown, str) else shown,
    )


FIRST: Sent = ("u1", "metadata a", 1, 2, {})
SECOND: Sent = ("u2", "metadata a", 3, 4, {})
BESIDE: Sent = ("u2", "metadata a", 1.5, 4, {})

KEPT = {
    "the last one is shown": (FIRST, SECOND, get(5, "u2")),
    "either of two at once": (FIRST, BESIDE, get(5, "u1")),
    "a get at the same time": (FIRST, SECOND, get(3.5, "u1")),
    "another item's": (FIRST, get(5, None, "b")),
    "one whose answer was lost may come late": (("u0", "metadata a", 0, 0.5, None), FIRST, get(5, "u0")),
    "nothing was written": (get(5, None),),
    "what is shown cannot be read": (FIRST, ("get", "get a", 5, 6, "{")),
    "no metadata are shown": (FIRST, ("get", "get a", 5, 6, [])),
    "an update that was lost may not have happened": (("u1", "metadata a", 1, 2, None), get(5, None)),
}


@pytest.mark.parametrize("name", KEPT)
def test_nothing_is_lost(name: str) -> None:
    assert lost(*KEPT[name]) == {}


LOST = {
    "gone": ((FIRST, get(5, None)), {"u1": "get"}),
    "written over by an older one": ((FIRST, SECOND, get(5, "u1")), {"u2": "get"}),
    "all gone": ((FIRST, SECOND, get(5, None)), {"u1": "get", "u2": "get"}),
    "another value": ((FIRST, get(5, "what nobody wrote")), {"u1": "get"}),
    "another item's value": ((FIRST, ("v", "metadata b", 2.5, 2.6, {}), get(5, "v")), {"u1": "get"}),
}


@pytest.mark.parametrize("name", LOST)
def test_an_update_is_lost(name: str) -> None:
    sent, expected = LOST[name]
    assert lost(*sent) == expected
