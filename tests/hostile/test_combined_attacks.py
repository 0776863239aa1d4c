"""Attacks on all scenarios at once: memory is what everything takes that is held at the same time."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from conformance.judging.plan import full_plan

from .attack import Attack, acks, item_requests
from .attacks import ON_ACKS
from .bad_responses import envelope, refused
from .misbehaving_servers import by_path, in_turn, raw, rewritten
from .test_attacks import check, run


def padded(document: Any) -> Any:
    """The same, with as much beside it as is read, in characters that take four bytes each, and many small parts."""
    if not isinstance(document, dict):
        return document
    return {**document, "padding": "\U0001f600" + "x" * 60_000, "parts": [[] for _ in range(15_000)]}


WHOLE: Final = {
    "all attacks in turn": Attack(
        id="all attacks in turn",
        answer=lambda world: in_turn(attack.answer(world) for attack in ON_ACKS if attack.id != "1 GiB"),
        on=acks,
        code=1,
    ),
    "as much as is read, on everything about items": Attack(
        id="padded", answer=lambda _: rewritten(padded), on=item_requests, code=3
    ),
    "large answers before ones that are lost": Attack(
        id="lost",
        answer=lambda _: by_path({acks: raw(), item_requests: rewritten(padded)}),
        on=item_requests,
        code=3,
    ),
    "everything large that can be": Attack(
        id="large", answer=lambda _: refused(envelope("\U0001f600" + "x" * 40_000)), on=acks, code=1
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_on_all_scenarios_at_once(name: str, tmp_path: Path) -> None:
    attack = WHOLE[name]
    attacked = run(attack, tmp_path)
    check(attacked, attack.code)
    assert len(attacked.ended.lines) == len(full_plan())
