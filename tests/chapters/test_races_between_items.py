"""What a race between several items must satisfy, as pure functions on histories written by hand."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.chapters.registry import scenarios
from conformance.exchange import Ending
from conformance.text import Text
from tests.chapters.race_dialogs import FOREIGN, OTHER, SAME, WORKER, Reply, reply
from tests.scenario.transcript_builder import ENVIRONMENT, WORK, Dialog, shown

SECOND, THIRD, FOURTH = f"{WORK[:-1]}5", f"{WORK[:-1]}6", f"{WORK[:-1]}7"
ITEMS = {"a": (WORK, WORKER), "b": (SECOND, OTHER), "c": (THIRD, WORKER), "d": (FOURTH, WORKER)}
CROSSED: dict[str, tuple[str, str, str | None]] = {
    "foreign.a": ("a", "ack", OTHER),
    "foreign.b": ("b", "ack", WORKER),
    "ack.a": ("a", "ack", WORKER),
    "ack.b": ("b", "ack", OTHER),
    "ack.c.1": ("c", "ack", WORKER),
    "ack.c.2": ("c", "ack", WORKER),
    "read.c": ("c", "get", None),
}


def of(name: str, state: str, **changes: Any) -> dict[str, Any]:
    """One of the four items, in that state."""
    return shown(state, id=ITEMS[name][0], metadata={"name": name}, **changes)


def crossed(**answers: Reply) -> Dialog:
    """Everybody gets their own and nobody another's, but for these answers (`ack_a`)."""
    dialog = Dialog(scenarios()["race.items"], facts={"arranged_by": "api"})
    for number, name in enumerate(ITEMS):
        step = f"{name}.arrange.poll.1" if number else "arrange.poll.1"
        told = {"worker": ITEMS[name][1], "seen_by": step, "environment_id": ENVIRONMENT, "work_id": ITEMS[name][0]}
        dialog.facts = dialog.facts | ({} if number else told)
        dialog.facts.setdefault("items", {})[name] = told
        dialog.said(step, 200, of(name, "queued")).said(f"before.{name}", 200, of(name, "queued"))

    def said(step: str, name: str, usual: Reply) -> None:
        answer = answers.get(step.replace(".", "_"), usual)
        reply(dialog, step, (200, of(name, answer)) if isinstance(answer, str) and answer not in LOST else answer)

    for step, (name, _, worker) in CROSSED.items():
        said(step, name, 409 if step.startswith("foreign") else "starting")
        assert (worker == ITEMS[name][1]) is not step.startswith("foreign") or worker is None
    dialog.together(*(step for step in CROSSED if step != "read.c"))
    for name in ITEMS:
        said(f"after.{name}", name, "queued" if name == "d" else "starting")
    for name in ("a", "b"):
        said(f"rightful.{name}", name, "starting")
    dialog.facts["race"] = {
        "items": {name: {"phase": "queued", "worker": worker} for name, (_, worker) in ITEMS.items()},
        "operations": {s: {"kind": kind, "worker": who, "item": name} for s, (name, kind, who) in CROSSED.items()},
    }
    return dialog


LOST = {"unknown", "fail"}
SAME_ITEM = "ack.answer.same-item"


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"ack_a": 409, "after_a": "queued"},
        {"ack_a": "unknown", "foreign_b": "fail"},
        {"ack_c_1": 409, "read_c": "starting"},
        {"ack_c_2": "unknown"},
        {"read_c": 500},
        {"read_c": "fail"},
        {"read_c": "queued"},
    ],
)
def test_items_that_each_some_order_explains_pass(answers: dict[str, Reply]) -> None:
    assert crossed(**answers).not_passed() == {}


@pytest.mark.parametrize(
    ("answers", "failed"),
    [
        ({"foreign_a": "starting"}, FOREIGN),
        ({"foreign_b": "starting"}, FOREIGN),
        ({"foreign_b": 500}, FOREIGN),
        ({"ack_b": 500}, FOREIGN),
        ({"after_b": "queued"}, FOREIGN),
        ({"after_a": "active"}, FOREIGN),
        ({"rightful_b": 409}, FOREIGN),
        ({"rightful_a": "queued"}, FOREIGN),
        ({"after_c": "queued"}, SAME),
        ({"ack_c_2": "queued"}, SAME),
        ({"ack_c_1": 500}, SAME),
        ({"read_c": "active"}, SAME),
        ({"after_d": "starting"}, SAME),
        ({"ack_c_1": 409, "ack_c_2": 409, "read_c": "queued", "after_c": "queued"}, SAME),
        ({"ack_a": (200, of("c", "starting"))}, SAME_ITEM),
        ({"ack_c_1": (200, of("a", "starting"))}, SAME_ITEM),
        ({"rightful_b": (200, of("a", "starting"))}, SAME_ITEM),
        ({"ack_b": (200, of("b", "starting", environment_id=f"{ENVIRONMENT[:-1]}0"))}, SAME_ITEM),
    ],
)
def test_each_item_has_its_own_history_and_its_own_answers(answers: dict[str, Reply], failed: str) -> None:
    kinds = crossed(**answers).kinds()
    assert {rule for rule, kind in kinds.items() if kind == "failed"} == {failed}


def test_the_picture_marks_the_item_that_nothing_explains() -> None:
    verdict = crossed(foreign_b="starting").verdict(FOREIGN)
    [exhibit] = [failure.diagram.en for failure in verdict.failures if failure.diagram]
    signs = {line.split()[1]: line.split()[0] for line in exhibit.splitlines()[1:]}
    assert {step for step, sign in signs.items() if sign == "*"} == {"foreign.b"}
    assert {sign for step, sign in signs.items() if step != "foreign.b"} == {"-"}
    assert {"ack.a", "ack.b", "foreign.a", "ack.c.1"} <= signs.keys()


def test_a_conversation_of_several_items_that_ended_before_is_not_judged() -> None:
    reason = Text("the requests did not overlap in time", "各请求在时间上没有重叠")
    for step in ("b.arrange.poll.1", "before.c", "ack.c.2"):
        dialog = crossed().ended(Ending(kind="inconclusive", reason=reason), after=step)
        if not step.startswith("ack"):
            del dialog.facts["race"]
        for rule in (FOREIGN, SAME):
            assert (dialog.verdict(rule).kind, dialog.verdict(rule).reason) == ("inconclusive", reason)


def test_items_of_which_no_ack_was_answered_are_not_judged() -> None:
    assert crossed(ack_c_1="unknown", ack_c_2="unknown", read_c="fail").verdict(SAME).kind == "inconclusive"
