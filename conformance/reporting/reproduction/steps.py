"""Which requests of a transcript a script sends, and the variables that stand for its ids and workers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import unquote

from conformance.chapters.registry import every_scenario
from conformance.exchange import STALE_READ_FACT, Exchange, Transcript
from conformance.judging.request_variables import (
    SESSION,
    WORK,
    listed_items,
    object_in,
    own_environments,
    variables_of,
)
from conformance.reporting.reproduction.earlier_values import EarlierValues, earlier_values
from conformance.reporting.reproduction.walks import PAGE, Walk, walks_of
from conformance.reporting.reproduction.workers import Worker, workers_of

_SHARED: Final = 6
"""How many characters of an id are at least in one that was made from it."""

_FIRST: Final = {"claim": "poll", "read.c": "ack.c.1"}
_TRY: Final = re.compile(r"(?P<what>.+)\.try\.\d+")
"""A reading that was repeated until it showed what the scenario waits for."""
_POLL: Final = re.compile(r"(?:.+\.)?(?:arrange|redeliver)\.(?:.+\.)?poll\.\d+")
_LIST: Final = re.compile(r"(?P<what>(?:.+\.)?arrange\.(?:.+\.)?list)\.(?P<number>\d+)(?:\..+)?")
"""Requests that are repeated until an item is delivered, or listed. The pages of one list share a number."""

_SHORTEST_PAUSE: Final = 0.9
_LONGEST_PAUSE: Final = 2
"""Seconds to wait at most where the scenario does not wait by design: the suite's own rate limit may have delayed it."""

StepKind = Literal["request", "deliver", "list", "list-all", "settle"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A request of the script.

    - `number`: its place in the script.
    - `kind`: `deliver` polls until an item is delivered, `list` reads the list until it shows the item of a session,
      `list-all` until it shows as many items as in the run, `settle` repeats the request for `pause` seconds, or until
      its failures no longer show.
    - `gives`: variables by JSON pointer that the response fills; for `list`, by the session's variable.
    - `succeeds`: the script ends if the response is not a success. `refused`: it ends if the response is one.
    - `pause`: seconds to wait before.
    - `burst`: sent together with its neighbours. `after`: the step of the burst that it follows.
    - `cursors`: variables of cursors in the request; it is left out if one is empty.
    - `walk`: the walk of which this page is the last one that the script sends by itself; the rest follows in a loop.
    """

    number: int
    exchange: Exchange
    kind: StepKind = "request"
    gives: tuple[tuple[str, str], ...] = ()
    succeeds: bool = False
    refused: bool = False
    pause: int = 0
    burst: bool = False
    after: str | None = None
    cursors: tuple[str, ...] = ()
    walk: Walk | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a script sends. `prepared`: the items were not created by the suite, so their ids come from the reader."""

    transcript: Transcript
    steps: tuple[Step, ...]
    ids: dict[str, str]
    workers: dict[str, Worker]
    prepared: bool
    race: bool
    values: EarlierValues = field(default_factory=EarlierValues)
    numbers: dict[str, str] = field(default_factory=dict)


def plan_steps(transcript: Transcript, worker_header: str, failing: Iterable[str], used: Iterable[str] = ()) -> Plan:
    """Return the requests up to the last one that is needed: the failing steps, and those that they are compared with."""
    prepared = transcript.facts.get("arranged_by", "api") != "api"
    ids = _prepared_ids(transcript) if prepared else variables_of(transcript)
    burst = _burst(transcript)
    failing = set(failing)
    wanted = {*failing, *used}
    exchanges = _until(transcript.exchanges, wanted | set(burst) if wanted & set(burst) else wanted)
    out = left_out(exchanges)
    kept = [exchange for exchange in exchanges if exchange.step not in out]
    walks = {} if prepared else walks_of(kept)
    looped = {page for walk in walks.values() for page in walk.looped}
    values = earlier_values(kept, ids)
    kept = [exchange for exchange in kept if exchange.step not in looped]
    values.keep_users({exchange.step for exchange in kept})
    given = set(ids.values()) if prepared else set()
    steps = tuple(_steps(transcript, exchanges, kept, ids, values, burst, failing, given, walks))
    return Plan(
        transcript=transcript,
        steps=steps,
        ids=ids,
        workers=workers_of(transcript, exchanges, worker_header, prepared=prepared),
        prepared=prepared,
        race=bool(burst),
        values=values,
        numbers=dict(_numbers(steps)),
    )


def _numbers(steps: Iterable[Step]) -> Iterator[tuple[str, str]]:
    for step in steps:
        yield step.exchange.step, str(step.number)
        for page in step.walk.looped if step.walk is not None else ():
            yield page, f"{step.number}.{page.rpartition('.')[2]}"


def _until(exchanges: Sequence[Exchange], wanted: set[str]) -> Sequence[Exchange]:
    places = [place for place, exchange in enumerate(exchanges) if exchange.step in wanted]
    return exchanges[: max(places) + 1] if places else exchanges


def left_out(exchanges: Sequence[Exchange]) -> frozenset[str]:
    """Return the steps that a script does without.

    They are reads that lagged behind, polls that delivered nothing, probes of setup, and readings that were repeated.
    """
    lists = [(exchange, found) for exchange in exchanges if (found := _LIST.fullmatch(exchange.step)) is not None]
    latest = {found["what"]: found["number"] for _, found in lists}
    early = [
        exchange.step
        for exchange, found in lists
        if found["number"] != latest[found["what"]] or not object_in(exchange).get("data")
    ]
    return frozenset(early) | {
        exchange.step
        for exchange in exchanges
        if exchange.step.rpartition(".")[2] in {STALE_READ_FACT, "put-aside"}
        or _TRY.fullmatch(exchange.step)
        or (_POLL.fullmatch(exchange.step) and not object_in(exchange).get("id"))
    }


def _steps(
    transcript: Transcript,
    exchanges: Sequence[Exchange],
    kept: Sequence[Exchange],
    ids: dict[str, str],
    values: EarlierValues,
    burst: dict[str, Any],
    failing: set[str],
    given: set[str],
    walks: Mapping[str, Walk],
) -> Iterator[Step]:
    sessions = [each for each, name in ids.items() if name.startswith(SESSION)]
    own = own_environments(transcript)
    pauses, repeated = _pauses(transcript, exchanges), _repeated(exchanges)
    for number, exchange in enumerate(kept, 1):
        later = kept[number:]
        kind, gives = _gives(exchange, ids, sessions, own)
        gives = tuple((place, name) for place, name in gives if name not in given and _is_used(name, ids, later))
        given |= {name for _, name in gives}
        if kind == "list" and not gives:
            kind = "request"
        if exchange.step in repeated and exchange.step in failing:
            kind = "settle"
        judged = exchange.step in failing or exchange.step in burst or PAGE.fullmatch(exchange.step) is not None
        status = exchange.response.status if exchange.response is not None else 0
        yield Step(
            number=number,
            exchange=exchange,
            kind=kind,
            gives=gives,
            succeeds=200 <= status < 300 and not judged,
            refused=400 <= status < 500 and not judged,
            pause=pauses.get(exchange.step, 0),
            burst=exchange.step in burst,
            after=_follows(exchange.step, burst),
            cursors=tuple(values.cursors_of(exchange.step)),
            walk=walks.get(exchange.step),
        )


def _pauses(transcript: Transcript, exchanges: Sequence[Exchange]) -> dict[str, int]:
    """Return the seconds to wait before each step. A reading that was repeated waits as long as the scenario did."""
    known = every_scenario().get(transcript.scenario)
    waits, repeated = known is not None and known.mostly_waits, _repeated(exchanges)
    found: dict[str, int] = {}
    completed = None
    for exchange in exchanges:
        if _TRY.fullmatch(exchange.step):
            continue
        pause = exchange.invoked - completed if completed is not None else 0.0
        completed = exchange.completed
        if pause > _SHORTEST_PAUSE:
            whole = math.ceil(pause)
            found[exchange.step] = whole if waits or exchange.step in repeated else min(whole, _LONGEST_PAUSE)
    return found


def _repeated(exchanges: Iterable[Exchange]) -> frozenset[str]:
    """Return the steps of readings that were repeated."""
    return frozenset(found["what"] for each in exchanges if (found := _TRY.fullmatch(each.step)) is not None)


def _gives(
    exchange: Exchange, ids: dict[str, str], sessions: Sequence[str], own: frozenset[str]
) -> tuple[StepKind, tuple[tuple[str, str], ...]]:
    """Return the kind of a request, and the ids that its response gives."""
    found = object_in(exchange).get("id")
    name = ids.get(found) if isinstance(found, str) else None
    single = (("/id", name),) if name is not None else ()
    if exchange.operation in {"create_environment", "create_session"}:
        return "request", single
    if exchange.operation == "poll":
        return ("deliver" if _POLL.fullmatch(exchange.step) else "request"), single
    if exchange.operation != "list":
        return "request", ()
    items = [
        (place, session, ids[each]) for place, session, each in listed_items(exchange, sessions, own) if each in ids
    ]
    if own:
        kind: StepKind = "list-all" if _LIST.fullmatch(exchange.step) else "request"
        return kind, tuple((place, name) for place, _, name in items)
    return "list", tuple((ids[session], name) for _, session, name in items[:1])


def _is_used(name: str, ids: dict[str, str], later: Iterable[Exchange]) -> bool:
    """Return whether a later request names this id, or one that was made from it."""
    value = next(each for each, variable in ids.items() if variable == name)
    made = value[: max(_SHARED, len(value) // 2)]
    return any(made in unquote(each.request.url) or made in (each.request.body or "") for each in later)


def _burst(transcript: Transcript) -> dict[str, Any]:
    """Return the operations of a race by step; empty if the transcript has none.

    Without a record of the race, they are the requests that overlap with a request for which the scenario expects one.
    """
    race = transcript.facts.get("race")
    operations = race.get("operations") if isinstance(race, dict) else None
    if isinstance(operations, dict):
        return operations
    known = every_scenario().get(transcript.scenario)
    if known is None or not known.race:
        return {}
    racing = [
        each for each in transcript.exchanges if each.step in known.expectations and known.expectations[each.step].race
    ]
    return {
        each.step: {"kind": each.operation}
        for each in transcript.exchanges
        if any(each.invoked < other.completed and other.invoked < each.completed for other in racing)
    }


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
