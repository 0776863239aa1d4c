"""What a transcript's record of a race says as a history: of one item, of several, and of evidence that is somebody else's."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.chapters.ack.race_linearizability import (
    burst_at,
    each_item_linearizable,
    history_of,
    linearizable,
)
from conformance.contract.model import ItemState, OperationKind
from conformance.scenario.model import Finding
from conformance.scenario.transcript_view import CannotJudge
from conformance.text import Text
from tests.chapters.race_dialogs import OTHER, SAME, WORKER, acks, race, reply
from tests.scenario.transcript_builder import WORK, Dialog, begun, shown

SECOND = f"{WORK[:-1]}5"
Sent = dict[str, tuple[OperationKind, str, str]]
BURST: Sent = {
    "a.ack": ("ack", WORKER, "a"),
    "a.foreign": ("ack", OTHER, "a"),
    "b.ack": ("ack", OTHER, "b"),
    "b.stop": ("stop", "", "b"),
}


def several(answers: dict[str, Any], after: dict[str, str], sent: Sent = BURST) -> Dialog:
    """A race about the items `a`, of one worker, and `b`, of another, both queued before."""
    dialog = begun("race.same-worker").said("before", 200, shown())
    for step in sent:
        reply(dialog, step, answers[step])
    dialog.together(*sent)
    for item, state in after.items():
        reply(dialog, f"after.{item}", state)
    dialog.facts["items"] = {"a": {"work_id": WORK}, "b": {"work_id": SECOND}}
    dialog.facts["race"] = {
        "items": {"a": {"phase": "queued", "worker": WORKER}, "b": {"phase": "queued", "worker": OTHER}},
        "operations": {
            step: {"kind": kind, "worker": who or None, "item": item} for step, (kind, who, item) in sent.items()
        },
    }
    return dialog


GOOD = {"a.ack": "starting", "a.foreign": 409, "b.ack": "starting", "b.stop": "stopping"}
AFTER = {"a": "starting", "b": "stopping"}


def findings(dialog: Dialog) -> list[Finding]:
    return list(linearizable(dialog.view()))


def test_each_item_has_an_order_of_its_own() -> None:
    dialog = several(GOOD, AFTER)
    assert findings(dialog) == []
    initial, events = history_of(dialog.view())
    assert initial == {"a": ItemState("queued", WORKER), "b": ItemState("queued", OTHER)}
    assert [(event.label, event.item) for event in events] == [
        *(("a.ack", "a"), ("a.foreign", "a"), ("b.ack", "b"), ("b.stop", "b")),
        *(("after.a", "a"), ("after.b", "b")),
    ]


@pytest.mark.parametrize(
    ("spoiled", "after", "item", "needed"),
    [
        ({"a.foreign": "starting"}, {}, "a", {"a.foreign"}),
        ({"b.stop": "stopping"}, {"b": "starting"}, "b", {"b.stop", "after.b"}),
        ({}, {"a": "stopping"}, "a", {"after.a"}),
        ({"b.stop": "unknown"}, {"b": "active"}, "b", {"after.b"}),
    ],
)
def test_a_contradiction_is_about_one_item_and_names_it(
    spoiled: dict[str, Any], after: dict[str, str], item: str, needed: set[str]
) -> None:
    dialog = several(GOOD | spoiled, AFTER | after)
    (finding,) = findings(dialog)
    race = burst_at(dialog.view(), finding.step)
    assert race is not None
    found = race.counterexample
    assert (found.item, set(found.needed)) == (item, needed)
    assert finding.step == found.last.label
    assert burst_at(dialog.view(), "b.ack") is None
    assert burst_at(dialog.view(), "before") is None
    assert f"item `{item}` was `queued`" in finding.actual.en
    rows = [(row[0], row[1:].split()[0]) for row in (finding.diagram or Text("", "")).en.splitlines()[1:]]
    assert {step for _, step in rows} == {*BURST, *(step for step in needed if step.startswith("after"))}
    assert {step for sign, step in rows if sign == "*"} == needed
    other = "b" if item == "a" else "a"
    assert all(sign == "-" for sign, step in rows if other in step.split("."))


def test_each_contradictory_item_has_its_finding_and_a_requirement_may_be_about_some() -> None:
    dialog = several(GOOD | {"a.foreign": "starting"}, AFTER | {"b": "active"})
    assert [finding.step for finding in findings(dialog)] == ["a.foreign", "after.b"]
    for item, step in (("a", "a.foreign"), ("b", "after.b")):
        assert [finding.step for finding in each_item_linearizable(item)(dialog.view())] == [step]
        found = burst_at(dialog.view(), step)
        assert found is not None
        assert found.counterexample.item == item


def test_what_became_of_one_item_does_not_keep_another_from_being_judged() -> None:
    dialog = several(GOOD | {"b.ack": "unknown"}, {"a": "starting"})
    assert list(each_item_linearizable("a")(dialog.view())) == []
    with pytest.raises(CannotJudge, match=r"ended before `after\.b`"):
        list(each_item_linearizable("b")(dialog.view()))
    dialog = several(GOOD | {"b.ack": "unknown"}, AFTER)
    assert findings(dialog) == []
    with pytest.raises(CannotJudge, match="no ack of the burst got a response"):
        list(each_item_linearizable("b")(dialog.view()))


def test_the_same_answers_about_one_item_are_something_else() -> None:
    """What runs beside an item's request is no excuse where it is about another item."""
    refused = {"a.ack": 409, "a.foreign": "fail", "b.ack": "starting", "b.stop": "stopping"}
    (finding,) = findings(several(refused, {"a": "queued", "b": "stopping"}))
    assert finding.step == "a.ack"
    assert findings(several(refused | {"a.foreign": 409}, {"a": "queued", "b": "stopping"})) == []


def test_a_poll_delivers_the_item_that_it_is_about() -> None:
    sent: Sent = {"b.ack": ("ack", OTHER, "b"), "b.poll": ("redeliver", WORKER, "b")}
    for work_id, right in ((WORK, True), (SECOND, False)):
        answers = {"b.ack": "starting", "b.poll": (200, shown(id=work_id))}
        dialog = several(answers, {"a": "queued", "b": "starting"}, sent)
        assert (list(each_item_linearizable("b")(dialog.view())) == []) is right


def test_an_item_that_was_not_read_afterwards_is_not_judged() -> None:
    with pytest.raises(CannotJudge, match=r"ended before `after\.b`"):
        findings(several(GOOD, {"a": "starting"}))


def test_too_many_orders_are_inconclusive_and_never_passed() -> None:
    """Somebody else's evidence: so many deliveries to so many workers that no search ends."""
    steps = ["poll", *(f"poll.{number}" for number in range(39))]
    burst: dict[str, Any] = {"ack.1": 409} | dict.fromkeys(steps, (200, shown()))
    others: dict[str, Any] = {step: ("redeliver", f"worker-{step}") for step in steps}
    dialog = race("race.redelivery", burst, "starting", others=others)
    verdict = dialog.verdict("ack.race.redelivery")
    assert (verdict.kind, verdict.blocked_by) == ("inconclusive", None)
    assert verdict.reason is not None
    assert "too many possible orders" in verdict.reason.en
    assert race("race.redelivery", burst, "queued", others=others).verdict("ack.race.redelivery").kind == "passed"


def test_a_race_that_nothing_tells_of_is_not_judged() -> None:
    dialog = race("race.redelivery", {"ack.1": 409, "poll": (200, shown())}, "starting")
    del dialog.facts["race"]
    assert dialog.verdict("ack.race.redelivery").kind == "inconclusive"


def test_a_record_that_names_no_state_is_not_judged() -> None:
    dialog = race("race.same-worker", acks("starting", 409, 409, 409), "starting", phase="<script>")
    verdict = dialog.verdict(SAME)
    assert verdict.kind == "inconclusive"
    assert verdict.reason == Text(
        "the transcript does not show the state of the item before the race", "传输记录没有显示 item 在并发之前的状态"
    )


def test_a_foreign_name_for_a_state_is_unknown_and_hides_no_contradiction() -> None:
    with pytest.raises(CannotJudge, match="`claimed`, which is undocumented"):
        findings(several(GOOD, AFTER | {"a": "claimed"}))
    (finding,) = findings(several(GOOD | {"a.foreign": "starting"}, AFTER | {"a": "claimed"}))
    assert finding.step in {"a.ack", "a.foreign"}


def test_a_mapped_name_for_a_state_is_read_as_it_was_mapped() -> None:
    dialog = several(GOOD | {"b.stop": "closing"}, AFTER | {"a": "claimed", "b": "closing"})
    dialog.facts["states"] = {"claimed": "starting", "closing": "stopping"}
    assert findings(dialog) == []
    dialog.facts["states"] = {"claimed": "queued", "closing": "stopping"}
    assert [finding.step for finding in findings(dialog)] == ["after.a"]


def test_another_operation_whose_answer_shows_nothing_may_have_happened_or_not() -> None:
    dialog = several(GOOD, AFTER)
    for state in ("starting", "stopping"):
        reply(dialog, "after.b", state)
        assert findings(dialog.said("b.stop", 200, text="OK").together(*BURST)) == []
