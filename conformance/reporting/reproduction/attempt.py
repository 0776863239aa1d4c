"""Writes the function that sends the requests of a scenario once: one after another, those of a race at the same time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.exchange import Exchange
from conformance.judging.request_variables import ENVIRONMENT
from conformance.reporting.reproduction.requests import RequestWords
from conformance.reporting.reproduction.shell_words import default, joined, literal
from conformance.reporting.reproduction.steps import Plan, Step


def attempt(plan: Plan, requests: RequestWords) -> Iterator[str]:
    """Yield the lines of the function."""
    yield "# ---- the requests of the scenario " + "-" * 84
    yield ""
    yield "attempt() {"
    yield from (f"    {line}" for line in _workers(plan))
    burst = [step for step in plan.steps if step.burst]
    for step in plan.steps:
        if not step.burst:
            yield from (f"    {line}" for line in _sent(step, requests, plan))
        elif step is burst[0]:
            yield from (f"    {line}" for line in _burst(burst, requests))
    yield "}"


def _workers(plan: Plan) -> Iterator[str]:
    for core in sorted({worker.core for worker in plan.workers.values() if worker.core is not None}):
        yield f"digits_{core + 1}=$(fresh)"
    for place, worker in enumerate(plan.workers.values()):
        if plan.prepared and place == 0:
            yield default(worker.variable, literal(worker.value))
        elif plan.prepared:
            yield f"{worker.variable}={_similar(worker.value, next(iter(plan.workers)))}"
        elif worker.core is None:
            yield f"{worker.variable}={literal(worker.value)}"
        else:
            before, _, after = worker.value.partition(worker.shown)
            digits = f'"$digits_{worker.core + 1}"'
            if worker.shown != worker.shown.lower():
                digits = f'"$(printf %s {digits} | tr a-f A-F)"'
            yield f"{worker.variable}={literal(before) if before else ''}{digits}{literal(after) if after else ''}"


def _similar(value: str, given: str) -> str:
    """Return the word of a worker identity: a near miss of the given one follows the reader's variable."""
    if given and value.startswith(given):
        return joined('"$WORKER_ID"', literal(value[len(given) :]))
    if len(given) > 1 and value.startswith(given[:-1]):
        return joined('"${WORKER_ID%?}"', literal(value[len(given) - 1 :]))
    return literal(value)


def _sent(step: Step, requests: RequestWords, plan: Plan) -> Iterator[str]:
    if step.pause:
        yield f"sleep {step.pause}"
    exchange = step.exchange
    words = [str(step.number), literal(exchange.step), _status(exchange), *requests.words(exchange)]
    if step.kind == "deliver":
        name = step.gives[0][1] if step.gives else "-"
        yield " ".join(["deliver", name, *words])
        if step.gives:
            yield _recorded_item(exchange, plan, name)
        return
    yield " ".join(["request", *words])
    if step.kind == "list":
        session, name = step.gives[0]
        yield f'until listed {name} {step.number} "${session}"; do sleep 1; {" ".join(["request", *words])}; must {step.number}; done'
        yield _recorded_item(exchange, plan, name)
        return
    if step.needed:
        yield f"must {step.number}"
    for pointer, name in step.gives:
        yield f"take {name} {step.number} {pointer}"
        yield f'created sessions "${name}"'


def _recorded_item(exchange: Exchange, plan: Plan, name: str) -> str:
    """Return a line that records an item for its removal; a comment if its environment is unknown."""
    variables = [variable for each, variable in plan.ids.items() if f"/{each}/" in exchange.request.url]
    environment = next((variable for variable in variables if variable.startswith(ENVIRONMENT)), None)
    return f'work "${environment}" "${name}"' if environment else f"# {name}"


def _status(exchange: Exchange) -> str:
    return str(exchange.response.status) if exchange.response is not None else "-"


def _burst(burst: Sequence[Step], requests: RequestWords) -> Iterator[str]:
    """Yield lines that send the requests of a race at the same time; a late one follows the one that it waits for."""
    followers = {step.after: step for step in burst if step.after is not None}
    for step in burst:
        if step.after is not None and any(each.exchange.step == step.after for each in burst):
            continue
        line = " ".join(["send", str(step.number), *requests.words(step.exchange)])
        late = followers.get(step.exchange.step)
        if late is not None:
            line = f"{{ {line}; {' '.join(['send', str(late.number), *requests.words(late.exchange)])}; }}"
        yield f"{line} &"
    yield "wait"
    for step in burst:
        method, url = requests.words(step.exchange)[:2]
        yield f"report_with_state {step.number} {literal(step.exchange.step)} {_status(step.exchange)} {method} {url}"
