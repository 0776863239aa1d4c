"""Writes the function that sends the requests of a scenario once: one after another, those of a race at the same time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.exchange import Exchange
from conformance.judging.request_variables import ENVIRONMENT, object_in, request_object
from conformance.reporting.reproduction.earlier_values import Source
from conformance.reporting.reproduction.requests import RequestWords
from conformance.reporting.reproduction.shell_words import default, joined, literal
from conformance.reporting.reproduction.steps import Plan, Step
from conformance.reporting.reproduction.walks import Walk


def attempt(plan: Plan, requests: RequestWords) -> Iterator[str]:
    """Yield the lines of the function."""
    yield "# ---- the requests of the scenario " + "-" * 84
    yield ""
    yield "attempt() {"
    yield '    rm -f "$DIR"/[0-9]*'
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
    if step.pause and step.kind != "settle":
        yield f"sleep {step.pause}"
    if not step.cursors:
        yield from _request(step, requests, plan)
    else:
        yield from _page(step, requests, plan)
    if step.walk is not None:
        yield from _further_pages(step, step.walk, requests)


def _page(step: Step, requests: RequestWords, plan: Plan) -> Iterator[str]:
    """Yield lines that send the request if there are cursors for it."""
    yield "if " + " && ".join(f'[ -n "${name}" ]' for name in step.cursors) + "; then"
    yield from (f"    {line}" for line in _request(step, requests, plan))
    yield "else"
    yield f"    left_out {literal(step.exchange.step)}"
    yield from (f"    {name}=" for name in dict.fromkeys(each.variable for each in _taken(step, plan)))
    yield "fi"


def _further_pages(step: Step, walk: Walk, requests: RequestWords) -> Iterator[str]:
    """Yield a loop that follows the cursors until there is no further page."""
    words = requests.words_of_next_page(step.exchange, walk.parameter)
    yield f"page={walk.first} at={step.number}"
    yield f'while next_page "$at" /{walk.field}; do'
    yield "    page=$((page + 1))"
    yield f"    at={step.number}.$page"
    yield "    " + " ".join(["request", '"$at"', f'{literal(walk.name)}."$page"', "200", *words])
    yield "done"


def _request(step: Step, requests: RequestWords, plan: Plan) -> Iterator[str]:
    yield " ".join([*_function(step, plan), *_words(step, requests)])
    if step.succeeds:
        yield f"must {step.number}"
    if step.refused:
        yield f"must_not {step.number}"
    for pointer, name in step.gives:
        if step.kind != "list":
            yield f"take {name} {step.number} {pointer}"
        yield _recorded(step.exchange, plan, name)
    for source in _taken(step, plan):
        yield f"{'cursor' if source.ends else 'take'} {source.variable} {step.number} {literal(source.pointer)}"


def _function(step: Step, plan: Plan) -> tuple[str, ...]:
    """Return the function that sends a request, and its own arguments."""
    match step.kind:
        case "list":
            session, name = step.gives[0]
            return ("list_until", "listed", name, f'"${session}"')
        case "list-all":
            return ("list_until", "lists", str(_wanted_items(step, plan)), "-")
        case "settle":
            return ("settle", str(step.pause))
    return (step.kind,)


def _words(step: Step, requests: RequestWords) -> list[str]:
    exchange = step.exchange
    return [str(step.number), literal(exchange.step), _status(exchange), *requests.words(exchange)]


def _wanted_items(step: Step, plan: Plan) -> int:
    """Return how many items a list must show: as in the run, but no more than the scenario created until then."""
    url = step.exchange.request.url
    created = [each.exchange for each in plan.steps[: step.number] if each.exchange.operation == "create_session"]
    sessions = sum(f"/environments/{request_object(each).get('environment_id')}/" in url for each in created)
    return min(sessions, len(object_in(step.exchange).get("data", ())))


def _taken(step: Step, plan: Plan) -> list[Source]:
    return plan.values.from_step(step.exchange.step)


def _recorded(exchange: Exchange, plan: Plan, name: str) -> str:
    """Return a line that records a new object for its removal; a comment if its environment is unknown."""
    if exchange.operation == "create_session":
        return f'created sessions "${name}"'
    if exchange.operation == "create_environment":
        return f'created environments "${name}"'
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
