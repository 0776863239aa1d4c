"""Which process is handed what, whatever the order in which they are ready, or end."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from conformance.chapters.registry import scenarios
from conformance.judging.plan import full_plan
from conformance.judging.verdict import PlannedCheck
from conformance.plugin.scheduling import ScenarioScheduler, assign_scenarios, parse_node_id

IDS = [f"where::ever::{line.scenario}::{line.requirement}" for line in full_plan()]
SHARES = assign_scenarios((line.scenario for line in full_plan()), 2)


@dataclass(eq=False)
class Node:
    """A worker process as the scheduler sees it."""

    number: int
    handed: list[int] = field(default_factory=list)
    shutting_down: bool = False

    @property
    def gateway(self) -> SimpleNamespace:
        return SimpleNamespace(id=f"gw{self.number}")

    def send_runtest_some(self, indices: list[int]) -> None:
        self.handed += indices

    def shutdown(self) -> None:
        self.shutting_down = True

    @property
    def scenarios(self) -> set[str]:
        return {parse_node_id(IDS[index]).scenario for index in self.handed}


def scheduling(*ready: Node, begun: list[PlannedCheck] | None = None) -> ScenarioScheduler:
    made = ScenarioScheduler(len(ready), (begun if begun is not None else []).extend)
    for node in ready:
        made.add_node(node)
    for node in ready:
        made.add_node_collection(node, IDS)
    made.schedule()
    return made


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_each_process_is_handed_the_share_that_it_knows_as_its_own(order: tuple[int, int]) -> None:
    nodes = {number: Node(number) for number in order}
    begun: list[PlannedCheck] = []
    scheduling(*nodes.values(), begun=begun)
    assert begun == full_plan()
    for number, node in nodes.items():
        assert node.scenarios == {name for name, owner in SHARES.items() if owner == number}
        assert node.shutting_down
    assert sorted(nodes[0].handed + nodes[1].handed) == list(range(len(IDS)))


def test_quiet_scenarios_are_all_on_one_process() -> None:
    assert {owner for name, owner in SHARES.items() if scenarios()[name].in_second_environment} == {0}


def test_what_a_crashed_process_leaves_goes_to_the_one_that_replaces_it() -> None:
    first, second, third = Node(0), Node(1), Node(2)
    made = scheduling(first, second)
    done, crashed, *rest = first.handed
    made.mark_test_complete(first, done)
    assert made.remove_node(first) == IDS[crashed]
    assert made.unassigned_scenarios == list(dict.fromkeys(parse_node_id(IDS[index]).scenario for index in rest))
    made.add_node(third)
    made.add_node_collection(third, IDS)
    made.schedule()
    assert third.handed == rest
    assert made.unassigned_scenarios == []


def test_nothing_begins_where_nothing_is_selected() -> None:
    made = ScenarioScheduler(1, lambda lines: pytest.fail(str(lines)))
    node = Node(0)
    made.add_node(node)
    made.add_node_collection(node, [])
    made.schedule()
    assert (node.handed, node.shutting_down, made.tests_finished) == ([], True, True)


def test_processes_that_disagree_are_a_fault() -> None:
    made = ScenarioScheduler(2, lambda _: None)
    nodes = [Node(0), Node(1)]
    for node in nodes:
        made.add_node(node)
    made.add_node_collection(nodes[0], IDS)
    with pytest.raises(RuntimeError, match="different items"):
        made.add_node_collection(nodes[1], IDS[1:])
