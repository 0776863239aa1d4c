"""Which requests of a transcript a script sends, and the variables that stand for its ids and workers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from conformance.chapters.registry import every_scenario
from conformance.exchange import STALE_READ_FACT, Exchange, Transcript
from conformance.judging.request_variables import WORK, listed_item, object_in, variables_of

_OWN_WORKER: Final = re.compile(
    r"conformance-[0-9a-f]{12}|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
)
"""Worker identities that the suite generates."""

_CORE: Final = slice(-9, -1)
"""The digits of a worker identity that a script replaces: near misses differ from it elsewhere."""

_FIRST: Final = {"claim": "poll", "read.c": "ack.c.1"}
_SHORTEST_PAUSE: Final = 0.9

StepKind = Literal["request", "deliver", "list"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A request of the script.

    - `number`: its place in the script.
    - `kind`: `deliver` polls until an item is delivered, `list` reads the list until it shows the item.
    - `gives`: variables by JSON pointer that the response fills; for a list, by the session's variable.
    - `needed`: the script ends if the response is not a success.
    - `pause`: seconds to wait before.
    - `burst`: sent together with its neighbours. `after`: the step of the burst that it follows.
    """

    number: int
    exchange: Exchange
    kind: StepKind = "request"
    gives: tuple[tuple[str, str], ...] = ()
    needed: bool = False
    pause: int = 0
    burst: bool = False
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker identity and its variable. `core` is the index of its random part, shown as `shown`."""

    variable: str
    value: str
    core: int | None = None
    shown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a script sends. `prepared`: the items were not created by the suite, so their ids come from the reader."""

    transcript: Transcript
    steps: tuple[Step, ...]
    ids: dict[str, str]
    workers: dict[str, Worker]
    prepared: bool
    race: bool
    numbers: dict[str, int] = field(default_factory=dict)


def plan_steps(transcript: Transcript, worker_header: str, failing: Iterable[str], used: Iterable[str] = ()) -> Plan:
    """Return the requests up to the last one that is needed: the failing steps, and those that they are compared with."""
    prepared = transcript.facts.get("arranged_by", "api") != "api"
    ids = _prepared_ids(transcript) if prepared else variables_of(transcript)
    burst = _burst(transcript)
    wanted = {*failing, *used}
    exchanges = _until(transcript.exchanges, wanted | set(burst) if wanted & set(burst) else wanted)
    steps = tuple(_steps(transcript, exchanges, ids, burst, set(failing)))
    return Plan(
        transcript=transcript,
        steps=steps,
        ids=ids,
        workers=_workers(transcript, exchanges, worker_header, prepared=prepared),
        prepared=prepared,
        race=bool(burst),
        numbers={step.exchange.step: step.number for step in steps},
    )


def _until(exchanges: Sequence[Exchange], wanted: set[str]) -> Sequence[Exchange]:
    places = [place for place, exchange in enumerate(exchanges) if exchange.step in wanted]
    return exchanges[: max(places) + 1] if places else exchanges


def _steps(
    transcript: Transcript, exchanges: Sequence[Exchange], ids: dict[str, str], burst: dict[str, Any], failing: set[str]
) -> Iterator[Step]:
    known: set[str] = set()
    known_scenario = every_scenario().get(transcript.scenario)
    waits = known_scenario is not None and known_scenario.mostly_waits
    number, completed = 0, None
    for exchange in exchanges:
        pause = exchange.invoked - completed if completed is not None and waits else 0.0
        completed = exchange.completed
        if _left_out(exchange):
            continue
        kind, gives = _gives(exchange, ids, known)
        known |= {variable for _, variable in gives}
        number += 1
        yield Step(
            number=number,
            exchange=exchange,
            kind=kind,
            gives=gives,
            needed=_is_needed(exchange) and exchange.step not in failing,
            pause=math.ceil(pause) if pause > _SHORTEST_PAUSE else 0,
            burst=exchange.step in burst,
            after=_follows(exchange.step, burst),
        )


def _left_out(exchange: Exchange) -> bool:
    """Return whether a script does without: reads that lagged behind, polls that delivered nothing, probes of setup."""
    last = exchange.step.rpartition(".")[2]
    arranging = "arrange.poll." in exchange.step or "redeliver.poll." in exchange.step
    return (
        last in {STALE_READ_FACT, "put-aside"}
        or (arranging and not object_in(exchange).get("id"))
        or ("arrange.list." in exchange.step and not object_in(exchange).get("data"))
    )


def _gives(exchange: Exchange, ids: dict[str, str], known: set[str]) -> tuple[StepKind, tuple[tuple[str, str], ...]]:
    found = object_in(exchange).get("id")
    name = ids.get(found) if isinstance(found, str) else None
    if exchange.operation == "create_session" and name is not None:
        return "request", (("/id", name),)
    if exchange.operation == "poll" and ("arrange.poll." in exchange.step or "redeliver.poll." in exchange.step):
        return "deliver", (("/id", name),) if name is not None and name not in known else ()
    if exchange.operation == "list":
        item = listed_item(exchange, ids)
        if item is not None and item[1] in ids and ids[item[1]] not in known:
            return "list", ((ids[item[0]], ids[item[1]]),)
    return "request", ()


def _is_needed(exchange: Exchange) -> bool:
    succeeded = exchange.response is not None and 200 <= exchange.response.status < 300
    return succeeded and ("arrange." in exchange.step or exchange.operation in {"create_session", "send_message"})


def _burst(transcript: Transcript) -> dict[str, Any]:
    """Return the operations of a race by step; empty if the transcript has none."""
    race = transcript.facts.get("race")
    operations = race.get("operations") if isinstance(race, dict) else None
    return operations if isinstance(operations, dict) else {}


def _follows(step: str, burst: dict[str, Any]) -> str | None:
    """Return the step of the burst after which this one leaves: a late ack after the stop, a claim after the poll."""
    if step == "ack.late":
        return next((name for name, each in burst.items() if each.get("kind") not in {"ack", "get"}), None)
    first = _FIRST.get(step)
    return first if first in burst else None


def _prepared_ids(transcript: Transcript) -> dict[str, str]:
    facts = transcript.facts
    items = facts["items"].values() if isinstance(facts.get("items"), dict) else [facts]
    ids: dict[str, str] = {}
    for number, item in enumerate(items, 1):
        end = "" if number == 1 else f"_{number}"
        for key, name in (("environment_id", "ENVIRONMENT_ID"), ("work_id", WORK)):
            if isinstance(item.get(key), str):
                ids.setdefault(item[key], name + end)
    return ids


def _workers(
    transcript: Transcript, exchanges: Iterable[Exchange], worker_header: str, *, prepared: bool
) -> dict[str, Worker]:
    """Return the worker identities in the requests, by value."""
    workers: dict[str, Worker] = {}
    cores: list[str] = []
    given = transcript.facts.get("worker") if prepared else None
    values = [
        value
        for exchange in exchanges
        for name, value in exchange.request.headers
        if name.lower() == worker_header.lower() and value
    ]
    for value in [*([given] if isinstance(given, str) else []), *_without_cut(values)]:
        if value in workers:
            continue
        name = "WORKER_ID" if not workers else f"WORKER_ID_{len(workers) + 1}"
        core, shown = _core(value, cores) if not prepared else (None, "")
        workers[value] = Worker(name, value, core, shown)
    return workers


def _without_cut(values: list[str]) -> list[str]:
    """Return the values, those of the suite's own form first: near misses contain their digits."""
    return sorted(values, key=lambda value: _OWN_WORKER.fullmatch(value) is None)


def _core(value: str, cores: list[str]) -> tuple[int | None, str]:
    for number, core in enumerate(cores):
        if core in value:
            return number, core
        if core.upper() in value:
            return number, core.upper()
    own = _OWN_WORKER.search(value)
    if own is None:
        return None, ""
    cores.append(own.group()[_CORE])
    return len(cores) - 1, cores[-1]
