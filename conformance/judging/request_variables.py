"""Names the ids of a transcript that the suite created as shell variables, so that a request can be repeated.

The objects of a run are deleted at its end. Whoever repeats a request uses objects of their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
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


def listed_item(exchange: Exchange, sessions: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the session and the work id of the listed item that belongs to one of these sessions."""
    entries = object_in(exchange).get("data")
    for entry in entries if isinstance(entries, list) else ():
        data = entry.get("data") if isinstance(entry, dict) else None
        session = data.get("id") if isinstance(data, dict) else None
        if isinstance(session, str) and session in sessions and _is_id(entry.get("id")):
            return session, str(entry["id"])
    return None


def _found(transcript: Transcript) -> Iterator[tuple[str, str]]:
    """Yield ids in the order in which they appear, each once."""
    known: dict[str, str] = {}
    numbers: dict[str, int] = {}

    def new(found: object, name: str) -> Iterator[tuple[str, str]]:
        if isinstance(found, str) and _is_id(found) and found not in known:
            numbers[name] = numbers.get(name, 0) + 1
            known[found] = name if numbers[name] == 1 else f"{name}_{numbers[name]}"
            yield found, known[found]

    for exchange in transcript.exchanges:
        match exchange.operation:
            case "create_session":
                body = request_object(exchange)
                yield from new(body.get("agent"), AGENT)
                yield from new(body.get("environment_id"), ENVIRONMENT)
                yield from new(object_in(exchange).get("id"), SESSION)
            case "poll":
                yield from new(object_in(exchange).get("id"), WORK)
            case "list":
                sessions = {each: name for each, name in known.items() if name.startswith(SESSION)}
                item = listed_item(exchange, sessions)
                yield from new(item[1] if item else None, WORK)
            case "ack":
                yield from new(*_other_environment(transcript, exchange))


def _other_environment(transcript: Transcript, exchange: Exchange) -> tuple[str | None, str]:
    """Return an ack's environment and its variable if it is not the item's own but one that the suite created."""
    known = every_scenario().get(transcript.scenario)
    cloud = known is not None and known.chapter == _CLOUD_CHAPTER
    name = CLOUD_ENVIRONMENT if cloud else SECOND_ENVIRONMENT
    found = re.search(r"/environments/([^/?]+)/work/", exchange.request.url)
    if known is None or not (cloud or known.names_second_environment) or exchange.step != "ack" or found is None:
        return None, name
    return unquote(found[1]), name


def _is_id(value: object) -> bool:
    """Return whether a value can stand in a request: not empty, and without control characters."""
    return isinstance(value, str) and bool(value) and value.isprintable() and "\\" not in value and '"' not in value
