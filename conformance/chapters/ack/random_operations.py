"""Random testing: random requests about several items, sequential and concurrent (`run --explore`).

Off by default, and never the only scenario of a requirement. A response that contradicts the model is a violation only
if an ack may be the cause. Everything else is reported and not judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from conformance.arrange.item_spec import ItemSpec
from conformance.contract.model import PHASES
from conformance.contract.transitions import is_other_worker
from conformance.linearizability.burst import Burst, burst
from conformance.linearizability.check import Undecided
from conformance.linearizability.counterexample import Counterexample
from conformance.linearizability.counterexample_text import allowed_outcomes, describe_counterexample
from conformance.scenario.model import Check, CheckFunction, Finding, Scenario
from conformance.scenario.transcript_view import Blocked, CannotJudge, TranscriptView
from conformance.stateful.sequence import ITEMS
from conformance.stateful.to_history import ROWS, RoundHistory, history_from_facts
from conformance.text import Text, join

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

_REQUIREMENTS: Final = {
    "redeliver": "ack.race.redelivery",
    "stop": "ack.race.stop",
    "force-stop": "ack.race.stop",
    "heartbeat": "ack.race.heartbeat",
}
"""The requirement that a contradiction between an ack and this operation violates. The first match counts."""

_FOREIGN: Final = "ack.race.foreign-worker"
_OWN: Final = "ack.race.same-worker"
_SAME_ITEM: Final = "ack.answer.same-item"


async def _explore(stage: ScenarioContext) -> None:
    from conformance.stateful.ack_exploration import explore  # imported late: `list` does not need it

    await explore(stage)


def linearizable(requirement: str) -> CheckFunction:
    """Return a check that some order that respects real time explains every response of the kept round."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        round_history = _round_history(view)
        outcome = round_history.check_acks()
        if isinstance(outcome, Undecided):
            raise CannotJudge(Text("there are too many possible orders to check", "可能的顺序过多，无法逐一检查"))
        if isinstance(outcome, Counterexample):
            broken = requirement_of(outcome)
            if broken != requirement:
                raise Blocked(broken, Text("the random test ended early", "随机测试提前结束"))
            sequence = sequence_text(view.transcript.facts["explored"])
            whole = _whole_round(round_history, outcome)
            yield Finding(
                step=outcome.last.label,
                expected=allowed_outcomes(outcome),
                actual=describe_counterexample(outcome),
                diagram=join("\n\n", [sequence, whole.timeline()]),
                blamed=whole.blamed,
            )

    return judge


def burst_at(view: TranscriptView, step: str) -> Burst | None:
    """Return the kept round with the counterexample whose last response belongs to this step; None without one.

    Raises:
        CannotJudge: no round was executed.
    """
    round_history = _round_history(view)
    outcome = round_history.check_acks()
    if not isinstance(outcome, Counterexample) or outcome.last.label != step:
        return None
    return _whole_round(round_history, outcome)


def _whole_round(round_history: RoundHistory, found: Counterexample) -> Burst:
    return burst(found, [event for event in round_history.events if event.item == found.item])


def acks_return_own_item(view: TranscriptView) -> Iterator[Finding]:
    """Check that no ack returned another item's body."""
    round_history = _round_history(view)
    for step in round_history.acks_with_another_body:
        _, name, _ = view.transcript.facts["explored"]["round"]["moves"][step]
        wanted = view.transcript.facts["explored"]["round"]["items"][name]["work_id"]
        body = view.body(step)
        yield Finding(
            step=step,
            pointer="/id",
            expected=Text("`{id}`", "`{id}`").format(id=wanted[:80]),
            actual=Text("`{id}`", "`{id}`").format(id=str(body["id"])[:80]),
            diagram=sequence_text(view.transcript.facts["explored"]),
        )


def describe_exploration(view: TranscriptView) -> Iterator[Finding]:
    """Report how much was tested, which pairs of state and request were covered, and what other operations did."""
    explored = _explored(view)
    counts = Text(
        "{rounds} rounds, {requests} requests; {met} of {all} pairs of state and request covered",
        "{rounds} 轮，{requests} 个请求；“状态与请求”的组合共 {all} 种，覆盖 {met} 种",
    ).format(
        rounds=explored["rounds"],
        requests=explored["requests"],
        met=sum(len(row) for row in explored["pairs"].values()),
        all=len(PHASES) * len(ROWS),
    )
    yield _seen("0.get.a", counts)
    if explored["round"]["shrunk_from"]:
        yield _seen("0.get.a", Text("stopped at the first counterexample", "在出现首个反例时停止"))
    elif missing := _missing(explored["pairs"]):
        yield _seen("0.get.a", Text("not covered: {names}", "未覆盖：{names}").format(names=join(", ", missing)))
    if explored["odd"]:
        odd = ", ".join(f"{name} ({times})" for name, times in sorted(explored["odd"].items()))
        yield _seen("0.get.a", Text("not documented: {odd}", "文档未列出的响应：{odd}").format(odd=odd))
    for beside in explored["beside"]:
        words = Text("not judged: {what} (--seed {seed})", "不作判定：{what}（--seed {seed}）")
        yield _seen("0.get.a", words.format(what=Text.from_json(beside["told"]), seed=beside["seed"]))


def _seen(step: str, words: Text) -> Finding:
    return Finding(step=step, expected=Text("left open by the docs", "文档未作规定"), actual=words)


def _missing(pairs: dict[str, dict[str, int]]) -> list[Text]:
    return [
        Text("{row} / {phase}", "{row} / {phase}").format(row=label, phase=phase)
        for phase in PHASES
        for row, label in ROWS.items()
        if row not in pairs.get(phase, {})
    ]


def _explored(view: TranscriptView) -> dict[str, Any]:
    explored = view.transcript.facts.get("explored")
    if not isinstance(explored, dict) or "round" not in explored:
        view.exchange("0.get.a")  # raises with the reason if there was none
        raise CannotJudge(Text("no round was executed", "没有执行任何一轮"))
    return explored


def _round_history(view: TranscriptView) -> RoundHistory:
    return history_from_facts(
        _explored(view)["round"], {exchange.step: exchange for exchange in view.transcript.exchanges}
    )


def requirement_of(outcome: Counterexample) -> str:
    """Return the requirement that a counterexample is reported under."""
    acks = [event for event in outcome.events if event.operation.kind == "ack"]
    holders = {outcome.initial.worker, *(e.operation.worker for e in outcome.events if e.operation.kind == "redeliver")}
    kinds = {event.operation.kind for event in outcome.events}
    if any(
        ack.response.status == 200 and all(is_other_worker(who, ack.operation.worker or "") for who in holders)
        for ack in acks
    ):
        return _FOREIGN
    return next((rule for kind, rule in _REQUIREMENTS.items() if kind in kinds), _OWN)


def sequence_text(explored: dict[str, Any]) -> Text:
    """Return the seed and the requests of the kept round, one line per group."""
    saved_round = explored["round"]
    shrunk = saved_round["shrunk_from"]
    cut = Text(", shrunk from {n} requests", "，由 {n} 个请求缩减而来").format(n=shrunk) if shrunk else Text("", "")
    first = Text("`--explore 1 --seed {seed}`{cut}", "`--explore 1 --seed {seed}`{cut}")
    lines = (Text(line, line) for line in saved_round["programme"])
    return join("\n", [first.format(seed=saved_round["seed"], cut=cut), *lines])


def scenarios() -> Iterator[Scenario]:
    """Yield the scenario, with as many rounds as requested."""
    rules = (_OWN, _FOREIGN, *dict.fromkeys(_REQUIREMENTS.values()))
    yield Scenario(
        id="race.explored",
        chapter="races",
        title=Text(
            "Random requests of three workers on two items, one by one and concurrent (with --explore)",
            "三个 worker 对两个 item 发送随机请求，有的逐个发出，有的同时发出（需使用 --explore）",
        ),
        run_steps=_explore,
        expectations={},
        checks=(
            *(Check(rule, linearizable(rule)) for rule in rules),
            Check(_SAME_ITEM, acks_return_own_item),
            Check("ack.observe.exploration", describe_exploration),
        ),
        item_spec=ItemSpec(place="quiet", items=len(ITEMS)),
        on_request=True,
    )
