"""Names the ids of a transcript that the suite created as shell variables, so that a request can be repeated.

The objects of a run are deleted at its end. Whoever repeats a request uses objects of their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, unquote

from conformance.chapters.registry import every_scenario
from conformance.exchange import Exchange, Transcript

ENVIRONMENT: Final = "ENVIRONMENT_ID"
AGENT: Final = "AGENT_ID"
SESSION: Final = "SESSION_ID"
WORK: Final = "WORK_ID"
SECOND_ENVIRONMENT: Final = "SECOND_ENVIRONMENT_ID"
CLOUD_ENVIRONMENT: Final = "CLOUD_ENVIRONMENT_ID"

_CLOUD_CHAPTER: Final = "environment-kind"
_NOT_SELF_HOSTED: Final = ".environment.not-self-hosted"
"""The chapter of ack, and the end of the other operations' scenarios, that name an environment of another kind."""
_SHORTEST: Final = 4
"""The shortest id that is replaced at the start of a longer segment: a shorter one could be part of something else."""


def variables_of(transcript: Transcript) -> dict[str, str]:
    """Return the variable of each id that the suite created, by id; empty if the items were prepared elsewhere.

    Several objects of one kind are numbered: `WORK_ID`, `WORK_ID_2`.
    """
    return dict(_found(transcript)) if transcript.facts.get("arranged_by", "api") == "api" else {}


def url_words(url: str, variables: Mapping[str, str]) -> list[str]:
    """Return a URL in pieces: even ones are literal, odd ones are the ids between them, as they are in the URL."""
    forms = sorted((quote(each, safe="") for each in variables), key=len, reverse=True)
    if not forms:
        return [url]
    ids = "|".join(re.escape(form) + ("" if len(form) >= _SHORTEST else "(?=[/?]|$)") for form in forms)
    return re.split(f"(?<=[^/]/)({ids})", url)


def object_in(exchange: Exchange) -> dict[str, Any]:
    """Return the JSON object of a response; empty if there is none."""
    body = exchange.response.json() if exchange.response is not None else None
    return body if isinstance(body, dict) else {}


def request_object(exchange: Exchange) -> dict[str, Any]:
    """Return the JSON object of a request's body; empty if there is none."""
    try:
        body = json.loads(exchange.request.body or "")
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def listed_items(exchange: Exchange, sessions: Collection[str], own: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """Yield pointer, session (or nothing) and work id of the listed items that the suite created.

    They belong to one of these sessions, or to one of the environments `own`, which only this scenario uses.
    """
    entries = object_in(exchange).get("data")
    alone = _path_environment(exchange) in own
    for place, entry in enumerate(entries if isinstance(entries, list) else ()):
        data = entry.get("data") if isinstance(entry, dict) else None
        session = data.get("id") if isinstance(data, dict) else None
        if not isinstance(session, str) or session not in sessions:
            session = ""
        if isinstance(entry, dict) and (session or alone) and _is_id(entry.get("id")):
            yield f"/data/{place}/id", session, str(entry["id"])


def own_environments(transcript: Transcript) -> frozenset[str]:
    """Return the ids of the environments that the scenario created for itself."""
    created = (
        object_in(exchange).get("id") for exchange in transcript.exchanges if exchange.operation == "create_environment"
    )
    return frozenset(found for found in created if isinstance(found, str) and _is_id(found))


def _found(transcript: Transcript) -> Iterator[tuple[str, str]]:
    """Yield ids in the order in which they appear, each once."""
    known: dict[str, str] = {}
    numbers: dict[str, int] = {}
    own = own_environments(transcript)

    def new(found: object, name: str) -> Iterator[tuple[str, str]]:
        if isinstance(found, str) and _is_id(found) and found not in known:
            numbers[name] = numbers.get(name, 0) + 1
            known[found] = name if numbers[name] == 1 else f"{name}_{numbers[name]}"
            yield found, known[found]

    for exchange in transcript.exchanges:
        match exchange.operation:
            case "create_environment":
                yield from new(object_in(exchange).get("id"), ENVIRONMENT)
            case "create_session":
                body = request_object(exchange)
                yield from new(body.get("agent"), AGENT)
                yield from new(body.get("environment_id"), ENVIRONMENT)
                yield from new(object_in(exchange).get("id"), SESSION)
            case "poll":
                yield from new(object_in(exchange).get("id"), WORK)
            case "list":
                sessions = [each for each, name in known.items() if name.startswith(SESSION)]
                for _, _, work_id in listed_items(exchange, sessions, own):
                    yield from new(work_id, WORK)
        yield from new(*_path_variable(transcript, exchange))


def _path_variable(transcript: Transcript, exchange: Exchange) -> tuple[str | None, str]:
    """Return the environment in a path, and its variable, if the suite created it for all scenarios.

    It is the one that the scenario is about, or the one in which it must not find its item.
    """
    found, known = _path_environment(exchange), every_scenario().get(transcript.scenario)
    if found is None or found == transcript.facts.get("environment_id"):
        return found, ENVIRONMENT
    if known is None or exchange.step not in known.expectations:
        return None, ENVIRONMENT
    if known.chapter == _CLOUD_CHAPTER or known.id.endswith(_NOT_SELF_HOSTED):
        return found, CLOUD_ENVIRONMENT
    return (found, SECOND_ENVIRONMENT) if known.names_second_environment else (None, SECOND_ENVIRONMENT)


def _path_environment(exchange: Exchange) -> str | None:
    found = re.search(r"/environments/([^/?]+)/work(?=[/?]|$)", exchange.request.url)
    return unquote(found[1]) if found is not None else None


def _is_id(value: object) -> bool:
    """Return whether a value can stand in a request: not empty, and without control characters."""
    return isinstance(value, str) and bool(value) and value.isprintable() and "\\" not in value and '"' not in value
