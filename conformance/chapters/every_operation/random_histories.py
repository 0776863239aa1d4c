"""Random testing of all operations: random requests about one item or two, sequential and concurrent (`run --explore`).

A response that no order of the requests explains violates the requirement of an operation only if the responses of no
other operation could be wrong instead. Every other contradiction is reported with the operations that it may be about.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from conformance.arrange.item_spec import ItemSpec
from conformance.chapters.ack.random_operations import requirement_of, sequence_text
from conformance.client.read_lag import LONGEST_LAG
from conformance.contract.model import PHASES
from conformance.contract.operations import OPERATIONS, OperationName
from conformance.linearizability.burst import Burst, burst
from conformance.linearizability.counterexample import Counterexample
from conformance.linearizability.counterexample_text import allowed_outcomes, describe_counterexample
from conformance.scenario.model import Check, CheckFunction, Finding, Scenario
from conformance.scenario.transcript_view import Blocked, CannotJudge, TranscriptView
from conformance.stateful.attribution import Attribution, attribute
from conformance.stateful.work_history import WorkHistory, work_history_from_facts
from conformance.stateful.work_sequence import WEIGHTS
from conformance.text import Text, join

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

FACT: Final = "explored_work"
_OF_ACKS: Final = (
    "ack.race.same-worker",
    "ack.race.foreign-worker",
    "ack.race.redelivery",
    "ack.race.stop",
    "ack.race.heartbeat",
)
_OTHERS: Final[tuple[OperationName, ...]] = ("poll", "list", "get", "update", "heartbeat", "stop")
_FIRST: Final = "0.get"


async def _explore(stage: ScenarioContext) -> None:
    from conformance.stateful.work_exploration import explore_work  # imported late: `list` does not need it

    await explore_work(stage)


def _explained(requirement: str) -> CheckFunction:
    """Return a check that no contradiction of the kept round is about this requirement."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        history = _history(view)
        found = attribute(history)
        if found is None:
            if history.orders() is None:
                raise CannotJudge(Text("there are too many possible orders to check", "可能的顺序过多，无法逐一检查"))
            return
        if found.operation is None:
            return  # an observation names the candidates
        counterexample = found.counterexample(history)
        broken = _requirement_of(found, counterexample)
        if broken != requirement:
            raise Blocked(broken, Text("the random test ended early", "随机测试提前结束"))
        whole = _whole_round(view, counterexample)
        yield Finding(
            step=found.steps[-1],
            expected=allowed_outcomes(counterexample),
            actual=_blame(found, counterexample),
            diagram=join("\n\n", [sequence_text(_explored(view)), whole.timeline()]),
        )

    return judge


def _requirement_of(found: Attribution, counterexample: Counterexample) -> str:
    if found.operation == "ack":
        return requirement_of(counterexample)
    return f"{found.operation}.explore.history"


def _blame(found: Attribution, counterexample: Counterexample) -> Text:
    """Return the contradiction, and which responses must change so that some order explains the history."""
    assert found.operation is not None
    steps = join(Text(" or ", " 或 "), (Text(f"`{step}`", f"`{step}`") for step in found.steps))
    words = Text(
        "{what}. Without the response of the {noun} {steps}, some order explains all others",
        "{what}。若不计 {noun} {steps} 的响应，则存在某种顺序能够解释其余全部响应",
    )
    noun = OPERATIONS[found.operation].noun
    return words.format(what=describe_counterexample(counterexample), noun=noun, steps=steps)


def burst_at(view: TranscriptView, step: str) -> Burst | None:
    """Return the kept round with the counterexample behind a finding at this step; None without one.

    Raises:
        CannotJudge: no round was executed.
    """
    history = _history(view)
    found = attribute(history)
    if found is None or step not in found.steps:
        return None
    return _whole_round(view, found.counterexample(history))


def _whole_round(view: TranscriptView, counterexample: Counterexample) -> Burst:
    """Return the round as it was: reads that may lag are drawn when they were sent."""
    return burst(counterexample, _history(view, lag=0.0).of_item(counterexample.item).events)


def _describe(view: TranscriptView) -> Iterator[Finding]:
    """Report how much was tested, and contradictions that may be about several operations."""
    explored = _explored(view)
    step = f"{_FIRST}.{next(iter(explored['round']['items']))}"
    words = [
        Text(
            "all operations: {rounds} rounds, {requests} requests; {met} of {all} pairs of state and request covered",
            "全部操作：{rounds} 轮，{requests} 个请求；“状态与请求”的组合共 {all} 种，覆盖 {met} 种",
        ).format(
            rounds=explored["rounds"],
            requests=explored["requests"],
            met=sum(len(row) for row in explored["pairs"].values()),
            all=len(PHASES) * len(WEIGHTS),
        )
    ]
    if explored["round"]["shrunk_from"]:
        words.append(Text("stopped at the first counterexample", "在出现首个反例时停止"))
    if explored["undecided"]:
        words.append(
            Text("{n} rounds have too many possible orders to check", "有 {n} 轮可能的顺序过多，无法逐一检查").format(
                n=explored["undecided"]
            )
        )
    beside = Text("not judged: {what} (--seed {seed})", "不作判定：{what}（--seed {seed}）")
    words += [beside.format(what=Text.from_json(each["told"]), seed=each["seed"]) for each in explored["beside"]]
    for each in words:
        yield Finding(step=step, expected=Text("left open by the docs", "文档未作规定"), actual=each)


def _explored(view: TranscriptView) -> dict[str, Any]:
    explored = view.transcript.facts.get(FACT)
    if not isinstance(explored, dict) or "round" not in explored:
        view.exchange(f"{_FIRST}.a")  # raises with the reason if there was none
        raise CannotJudge(Text("no round was executed", "没有执行任何一轮"))
    return explored


def _history(view: TranscriptView, *, lag: float = LONGEST_LAG) -> WorkHistory:
    exchanges = {exchange.step: exchange for exchange in view.transcript.exchanges}
    return work_history_from_facts(_explored(view)["round"], exchanges, lag=lag)


def scenarios() -> Iterator[Scenario]:
    """Yield the scenario, with as many rounds as requested."""
    rules = (*_OF_ACKS, *(f"{name}.explore.history" for name in _OTHERS))
    yield Scenario(
        id="explore.all-operations",
        chapter="poll",
        title=Text(
            "Random requests of all operations on an item or two, one by one and concurrent (with --explore)",
            "对一至两个 item 随机发送全部操作的请求，有的逐个发出，有的同时发出（需使用 --explore）",
        ),
        run_steps=_explore,
        expectations={},
        checks=(
            *(Check(rule, _explained(rule)) for rule in rules),
            Check("ack.observe.exploration", _describe),
        ),
        item_spec=ItemSpec(place="own"),
        on_request=True,
        run_last=True,  # two explorations at once would wait for each other's bursts
    )
