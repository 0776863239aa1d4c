"""A request of a transcript as shell words: variables stand for secrets, for ids and for workers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, unquote

from conformance.exchange import Exchange
from conformance.judging.request_variables import CLOUD_ENVIRONMENT, SECOND_ENVIRONMENT, url_words
from conformance.reporting.reproduction.shell_words import joined, literal, secrets_in, substituted, with_secrets
from conformance.reporting.reproduction.steps import Plan

_SEGMENT: Final = re.compile(r"(?<=/environments/)[^/?]+|(?<=/work/)[^/?]+")
_SETUP: Final = re.compile(r"/(?:sessions|environments|agents)(?=[/?]|$)")
_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9_.~-]+")
_SHARED: Final = 6
"""How many characters two ids have in common if one was made from the other."""
_AFTER: Final = re.compile(r"(?<=after_id=)[^&]*")


class RequestWords:
    """Writes the requests of one script."""

    def __init__(self, plan: Plan, api: str, worker_header: str) -> None:
        self._plan = plan
        self._api = api
        self._worker_header = worker_header.lower()
        self.secrets: dict[str, None] = {}

    def words(self, exchange: Exchange) -> list[str]:
        """Return method, URL, body and headers as shell words."""
        request = exchange.request
        body = "-" if not request.body else self._body(request.body)
        headers = [self._header(name, value) for name, value in request.headers]
        return [literal(request.method), self._url(exchange), body, *headers]

    def general_headers(self, exchange: Exchange) -> list[str]:
        """Return the headers that every request of the run has, as shell words."""
        own = {"content-type", "user-agent", self._worker_header}
        return [self._header(name, value) for name, value in exchange.request.headers if name.lower() not in own]

    def base_of(self, url: str) -> tuple[str, str]:
        """Return the variable of the URL's base, and the rest of the URL."""
        if url.startswith(self._api + "/"):
            return "API", url[len(self._api) :]
        found = _SETUP.search(url)
        return "SETUP_URL", url[found.start() :] if found else url

    def query_of(self, exchange: Exchange) -> str:
        """Return the query that every request of the run has, as a shell word."""
        query = exchange.request.url.partition("?")[2]
        return self._with_secrets(f"?{query}", in_url=True) if query else "''"

    def _header(self, name: str, value: str) -> str:
        worker = self._plan.workers.get(value) if name.lower() == self._worker_header else None
        if worker is not None:
            return joined(literal(f"{name}: "), f'"${worker.variable}"')
        return literal(f"{name};") if not value else self._with_secrets(f"{name}: {value}")

    def _body(self, body: str) -> str:
        ids = {json.dumps(each): variable for each, variable in self._plan.ids.items()}
        if not ids:
            return literal(body)
        pattern = re.compile("|".join(map(re.escape, sorted(ids, key=len, reverse=True))))
        return substituted(body, pattern, lambda found: f"'\"'\"${ids[found.group()]}\"'\"'")

    def _url(self, exchange: Exchange) -> str:
        base, rest = self.base_of(exchange.request.url)
        if exchange.operation == "list":
            rest = _AFTER.sub("", rest)
        pieces = url_words(rest, self._plan.ids)
        words = []
        for place, piece in enumerate(pieces):
            if place % 2:
                words.append(_id_word(self._plan.ids[unquote(piece)], piece))
            elif piece:
                words += self._derived(piece)
        return joined(f'"${base}"', *words)

    def _derived(self, piece: str) -> Iterator[str]:
        """Yield a part of a URL in which ids made from other ids follow those."""
        end = 0
        for match in _SEGMENT.finditer(piece):
            word = self._made_from(
                unquote(match.group()), "environment" if piece[: match.start()].endswith("/environments/") else "work"
            )
            if word is not None:
                yield self._with_secrets(piece[end : match.start()], in_url=True)
                yield word
                end = match.end()
        if piece[end:]:
            yield self._with_secrets(piece[end:], in_url=True)

    def _made_from(self, segment: str, kind: str) -> str | None:
        """Return the word of an id that the suite made from a known one, or None."""
        if not _PLAIN_ID.fullmatch(segment):
            return None
        for known, variable in self._plan.ids.items():
            if kind.upper() not in variable or variable in {SECOND_ENVIRONMENT, CLOUD_ENVIRONMENT}:
                continue
            rest = known.partition("_")[2]
            if rest and segment == f"wrong_{rest}":
                return f'wrong_"${{{variable}#*_}}"'
            shared = _shared(segment, known)
            if shared >= _SHARED:
                return f'"$(printf %.{shared}s "${variable}")"' + (segment[shared:] and literal(segment[shared:]))
        return None

    def _with_secrets(self, text: str, *, in_url: bool = False) -> str:
        self.secrets |= dict.fromkeys(secrets_in(text))
        return with_secrets(text, in_url=in_url)


def _shared(one: str, other: str) -> int:
    """Return how many characters two texts have in common at their start."""
    return next(
        (place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]),
        min(len(one), len(other)),
    )


def _id_word(variable: str, piece: str) -> str:
    """Return an id in a URL, percent-encoded if the recorded one had to be."""
    return f'"${variable}"' if quote(unquote(piece), safe="") == unquote(piece) else f'"$(in_path "${variable}")"'
