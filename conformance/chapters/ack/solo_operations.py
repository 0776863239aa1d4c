"""Records what each operation does without overlapping requests: the control of the races.

A target may have undocumented behaviour in an operation that this suite does not judge. If the operation shows it alone,
it may show it in a race too, and no ack is blamed for it. One scenario sends each operation in each state of an item,
with a GET before and after.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from conformance.arrange.item_spec import LEASE_SECONDS, Item, ItemSpec
from conformance.contract.model import PHASES, SHOWS, ItemState, ModelResponse, Operation, OperationKind, Phase
from conformance.contract.transitions import is_unknown, step
from conformance.exchange import Exchange, Transcript
from conformance.scenario.model import Check, Finding, Scenario
from conformance.scenario.stale_reads import no_earlier_state, settled_or_lost
from conformance.scenario.transcript_view import TranscriptView
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext, Send

SCENARIO: Final = "observe.neighbours"
REDELIVERIES: Final = "race.not-delivered-again"
"""The scenario whose polls show whether the target delivers a `starting` or `active` item again."""

ODDITIES: Final = "oddities"
"""The key in a race's facts that lists undocumented behaviour of single operations."""

AFTER_A_REFUSAL: Final = "ack.refused.rightful-worker-unharmed"
"""The requirements that an ack of the owning worker may violate after another worker's ack was refused."""

_SEQUENCES: Final[Mapping[str, tuple[str, ...]]] = {
    "a": ("stop", "ack", "foreign", "stop"),
    "b": ("ack", "stop", "stop", "ack"),
    "c": ("ack", "heartbeat", "again", "stop", "ack"),
    "d": ("force", "ack", "foreign", "force"),
    "e": ("ack", "force", "foreign", "ack"),
    "f": ("ack", "heartbeat", "force", "ack", "foreign"),
    "g": (
        *("foreign", "ack", "foreign", "ack", "heartbeat", "foreign", "ack"),
        *("stop", "foreign", "ack", "stop", "foreign", "ack"),
    ),
    "h": ("ack", "ack", "ack", "heartbeat", "ack", "ack", "stop", "ack"),
}
"""The sequences of operations, one for each item."""

_KINDS: Final[Mapping[str, OperationKind]] = {
    "ack": "ack",
    "foreign": "ack",
    "heartbeat": "heartbeat",
    "again": "heartbeat",
    "stop": "stop",
    "force": "force-stop",
}
OF_OTHERS: Final[Mapping[OperationKind, Text]] = {
    "heartbeat": Text("a heartbeat", "heartbeat"),
    "stop": Text("a graceful stop", "优雅 stop"),
    "force-stop": Text("a forced stop", "强制 stop"),
    "redeliver": Text("a poll that reclaims", "带 `reclaim_older_than_ms` 的 poll"),
}
"""Descriptions of the operations other than the ack."""
_WITHOUT_STATE: Final = Text(" without a state in its body", "（响应体中没有状态）")
_OF_ACKS: Final[Mapping[Phase, str]] = {
    "queued": "ack.first.starting",
    "starting": "ack.retry.starting",
    "active": "ack.retry.active",
    "stopping": "ack.terminal.stopping",
}
_OF_FOREIGN_ACKS: Final[Mapping[Phase, str]] = {
    "queued": "ack.identity.mismatch-queued",
    "starting": "ack.identity.mismatch-starting",
    "active": "ack.identity.mismatch-active",
    "stopping": "ack.terminal.stopping",
}
_OWNER: Final = "owner"
_OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class UndocumentedEffect:
    """Undocumented behaviour of one operation: in `phase` it returned this and left the item in `after`.

    `foreign`: another worker than the owning one sent this ack. `judged_by` is the requirement that judges such an ack
    alone. `shown` is the state in the response.
    """

    kind: OperationKind
    foreign: bool
    phase: Phase
    status: int
    shown: str | None
    after: Phase
    judged_by: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the effect as a fact of a transcript."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> UndocumentedEffect | None:
        """Return the effect that `to_json` wrote, or None for other data."""
        try:
            found = cls(**data)
        except TypeError:
            return None
        sound = found.phase in PHASES and found.after in PHASES and isinstance(found.status, int)
        return found if sound else None

    def describe(self) -> Text:
        """In words."""
        shown = Text("", "") if self.shown is not None or self.kind not in SHOWS else _WITHOUT_STATE
        return Text(
            "{what} in `{phase}` returns HTTP {status}{shown} and leaves the item `{after}`",
            "item 处于 `{phase}` 时，{what} 返回 HTTP {status}{shown}，此后 item 为 `{after}`",
        ).format(what=OF_OTHERS[self.kind], phase=self.phase, status=self.status, shown=shown, after=self.after)


def find_undocumented_effects(transcripts: Iterable[Transcript]) -> list[UndocumentedEffect]:
    """Return the undocumented effects of single operations in the transcripts of the control scenarios."""
    found: dict[UndocumentedEffect, None] = {}
    for transcript in transcripts:
        if transcript.scenario == SCENARIO:
            found |= dict.fromkeys(_in_sequences(transcript))
        elif transcript.scenario == REDELIVERIES:
            found |= dict.fromkeys(_of_deliveries(transcript))
    return list(found)


def _in_sequences(transcript: Transcript) -> Iterator[UndocumentedEffect]:
    states = transcript.state_mapping
    for name, sequence in _SEQUENCES.items():
        for number, action in enumerate(sequence, 1):
            before = _state(transcript.find(f"{name}.{number - 1}.get"), states)
            sent = transcript.find(f"{name}.{number}.{action}")
            after = _state(transcript.find(f"{name}.{number}.get"), states)
            if before is None or after is None or sent is None or sent.outcome != "ok" or sent.response is None:
                break
            kind, foreign = _KINDS[action], action == "foreign"
            shown = state_shown(sent, states)
            if kind in {"stop", "force-stop"} and after == before != "stopped" and shown is None:
                break  # it may take effect at any later time
            rule = ""
            if kind == "ack":
                rule = _judged_by(sent, shown, (before, after), foreign, sequence[: number - 1])
            found = UndocumentedEffect(kind, foreign, before, sent.response.status, shown, after, rule)
            if not _documented(found):
                yield found


def _judged_by(
    exchange: Exchange, shown: str | None, states: tuple[Phase, Phase], foreign: bool, done: Sequence[str]
) -> str:
    """Return the requirement that an ack with this state change violates, after these actions."""
    assert exchange.response is not None
    before, after = states
    if exchange.response.status >= HTTPStatus.BAD_REQUEST and after != before:
        return "ack.refused.changes-nothing"
    if exchange.response.status == HTTPStatus.OK and shown not in (None, after):
        return "ack.answer.get-agrees"
    if not foreign and "foreign" in done and before in {"queued", "starting", "active"}:
        return AFTER_A_REFUSAL
    if before != "stopped":
        return (_OF_FOREIGN_ACKS if foreign else _OF_ACKS)[before]
    if "force" in done:
        return "ack.terminal.stopped-forced"
    return f"ack.terminal.stopped-{'drained' if done.count('stop') > 1 else 'queued'}"


def _of_deliveries(transcript: Transcript) -> Iterator[UndocumentedEffect]:
    phases: Sequence[Phase] = ("starting", "active")
    for phase in phases:
        for who in ("same", "other"):
            sent = transcript.find(f"{phase}.poll.{who}")
            body = _body(sent)
            delivered = isinstance(body, dict) and body.get("id") == transcript.facts.get("work_id")
            if delivered and sent is not None and sent.response is not None:
                yield UndocumentedEffect("redeliver", False, phase, sent.response.status, None, phase)


def _documented(found: UndocumentedEffect) -> bool:
    if found.shown is None and found.kind in SHOWS and found.status // 100 == 2:
        return False  # alone, a GET shows its effect; in a race only the response does
    operation = Operation(found.kind, _OTHER if found.foreign else _OWNER)
    answer = ModelResponse(found.status, found.shown)
    if is_unknown(operation, answer):
        return False
    after = step(ItemState(found.phase, _OWNER), operation, answer, overlapped=False)
    return any(state.phase == found.after for state in after)


def _state(exchange: Exchange | None, states: Mapping[str, str]) -> Phase | None:
    shown = state_shown(exchange, states)
    return next((phase for phase in PHASES if phase == shown), None)


def state_shown(exchange: Exchange | None, states: Mapping[str, str]) -> str | None:
    """Return the state in a response's body, or None if it is not readable.

    `states` maps the target's names to documented ones (`--map-state`). Other names stay unchanged.
    """
    body = _body(exchange)
    state = body.get("state") if isinstance(body, dict) else None
    return states.get(state, state) if isinstance(state, str) else None


def _body(exchange: Exchange | None) -> Any:
    """Return the JSON value of a response, or None if it is not readable."""
    return exchange.response.json() if exchange is not None and exchange.response is not None else None


async def _talk(stage: ScenarioContext) -> None:
    import asyncio  # not needed to list the scenarios

    items = await stage.items({name: stage.worker_id() for name in _SEQUENCES})
    await asyncio.gather(*(_one_after_the_other(stage, name, item) for name, item in items.items()))


async def _one_after_the_other(stage: ScenarioContext, name: str, item: Item) -> None:
    """Send the actions up to the first lost request: its effect is indistinguishable from a later one."""
    actions = ["get"]
    for number, action in enumerate(_SEQUENCES[name], 1):
        actions += [f"{number}.{action}", f"{number}.get"]
    for action in actions:
        step_name = f"{name}.0.get" if action == "get" else f"{name}.{action}"
        await stage.send_concurrently({step_name: _send(stage, action.rpartition(".")[2], item)})
        if stage.exchanges[-1].step == step_name and stage.exchanges[-1].outcome != "ok":
            return


def _send(stage: ScenarioContext, action: str, item: Item) -> Send:
    place = (item.environment_id, item.work_id)
    match action:
        case "get":
            settled = settled_or_lost(no_earlier_state(stage.exchanges, item, stage.client.target))
            return lambda api, name: api.get_until(name, *place, settled)
        case "heartbeat" | "again":
            first = action == "heartbeat"
            return lambda api, name: api.heartbeat(name, *place, ttl_seconds=LEASE_SECONDS, first=first)
        case "stop" | "force":
            return lambda api, name: api.stop(name, *place, force=action == "force")
        case _:
            headers = stage.owner_headers(item) if action == "ack" else stage.worker_headers(stage.worker_id())
            return lambda api, name: api.ack(name, *place, headers=headers)


def undocumented_solo_effects(view: TranscriptView) -> Iterator[Finding]:
    """Report undocumented behaviour of stops and heartbeats that run alone."""
    if view.transcript.find("a.1.get") is None:
        view.exchange("a.1.get")  # raises with the reason if nothing was seen
    odd = [each for each in find_undocumented_effects([view.transcript]) if each.kind in OF_OTHERS]
    as_documented = Text("stops and heartbeats behave as documented", "stop 与 heartbeat 的行为与文档一致")
    for words in [each.describe() for each in odd] or [as_documented]:
        yield Finding(step="a.1.stop", expected=Text("", ""), actual=words)


def scenarios() -> Iterator[Scenario]:
    """Yield one scenario with an item for each sequence."""
    yield Scenario(
        id=SCENARIO,
        chapter="observations",
        title=Text("Each operation alone, in each state of an item", "在 item 的每种状态下单独执行每种操作"),
        run_steps=_talk,
        expectations={},
        checks=(Check("ack.observe.neighbours", undocumented_solo_effects),),
        item_spec=ItemSpec(items=len(_SEQUENCES)),
        extra_writes=sum(map(len, _SEQUENCES.values())),
        controls_races=True,
    )
