"""A request of a transcript as shell words: variables stand for secrets, for ids and for workers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import quote, unquote, unquote_plus, urlsplit

from conformance.exchange import Exchange
from conformance.judging.request_variables import CLOUD_ENVIRONMENT, SECOND_ENVIRONMENT, request_object, url_words
from conformance.reporting.reproduction.shell_words import joined, literal, secrets_in, substituted, with_secrets
from conformance.reporting.reproduction.steps import Plan

_SEGMENT: Final = re.compile(r"(?<=/environments/)[^/?]+|(?<=/work/)[^/?]+")
_SETUP: Final = re.compile(r"/(?:sessions|environments|agents)(?=[/?]|$)")
_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9_.~-]+")
_SHARED: Final = 6
"""How many characters two ids have in common if one was made from the other."""
_VALUE: Final = re.compile(r"(?<==)[^&]+")

CREATING: Final = ("create_session", "create_environment")
"""Operations of setup that send the headers and the query of every request, and no others."""

_CREDENTIALS: Final = frozenset({"authorization", "x-api-key"})
_VALID_TOKEN: Final = ("Authorization", "Bearer ${QODER_PAT}")
_DOCUMENTED: Final = frozenset(
    (
        "limit",
        "page",
        "after_id",
        "before_id",
        "block_ms",
        "reclaim_older_than_ms",
        "desired_ttl_seconds",
        "expected_last_heartbeat",
    )
)
"""Query parameters of single operations."""

NEW_NAME: Final = '"reproduction-$(fresh)"'
"""The name of a new object as a shell word."""


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
        body = "-" if not request.body else self._body(exchange, request.body)
        headers = [self._header(name, value) for name, value in request.headers]
        return [literal(request.method), self._url(exchange), body, *headers]

    def words_of_next_page(self, exchange: Exchange, parameter: str) -> list[str]:
        """Return the words of a request for the page after this one: the variable `CURSOR_NOW` has its cursor."""
        url = exchange.request.url
        path, _, query = url.partition("?")
        pairs = "&".join(pair for pair in query.split("&") if pair and not pair.startswith(f"{parameter}="))
        bare = replace(exchange, request=replace(exchange.request, url=f"{path}?{pairs}"))
        method, words, *rest = self.words(bare)
        cursor = joined(literal(f"{'&' if pairs else ''}{parameter}="), '"$(in_path "$CURSOR_NOW")"')
        return [method, joined(words, cursor), *rest]

    def general_headers(self) -> list[str]:
        """Return the headers that every request of the run has, with the valid token, as shell words."""
        exchange = self._general()
        own = {"content-type", "user-agent", self._worker_header}
        headers = [(name, value) for name, value in exchange.request.headers if name.lower() not in own]
        if exchange.operation not in CREATING:
            headers = [(name, value) for name, value in headers if name.lower() not in _CREDENTIALS]
            headers.append(_VALID_TOKEN)
        return [self._header(name, value) for name, value in headers]

    def general_query(self) -> str:
        """Return the query that every request of the run has, as a shell word."""
        pairs = urlsplit(self._general().request.url).query.split("&")
        query = "&".join(pair for pair in pairs if pair and pair.partition("=")[0] not in _DOCUMENTED)
        return self._with_secrets(f"?{query}", in_url=True) if query else "''"

    def creation(self) -> Exchange | None:
        """Return the first request that created an object of the scenario; None if there is none."""
        created = (each.exchange for each in self._plan.steps if each.exchange.operation in CREATING)
        return next(created, None)

    def _general(self) -> Exchange:
        return self.creation() or self._plan.steps[0].exchange

    def base_of(self, url: str) -> tuple[str, str]:
        """Return the variable of the URL's base, and the rest of the URL."""
        if url.startswith(self._api + "/"):
            return "API", url[len(self._api) :]
        found = _SETUP.search(url)
        return "SETUP_URL", url[found.start() :] if found else url

    def _header(self, name: str, value: str) -> str:
        worker = self._plan.workers.get(value) if name.lower() == self._worker_header else None
        if worker is not None:
            return joined(literal(f"{name}: "), f'"${worker.variable}"')
        return literal(f"{name};") if not value else self._with_secrets(f"{name}: {value}")

    def _body(self, exchange: Exchange, body: str) -> str:
        """Return a body in which variables stand for ids and for values of earlier responses."""
        words = {json.dumps(each): f'"${variable}"' for each, variable in self._plan.ids.items()}
        for value, source in self._plan.values.used_in(exchange.step):
            words[json.dumps(value, ensure_ascii=False)] = f'"${source.variable}"'
        if exchange.operation == "create_environment" and (name := request_object(exchange).get("name")):
            words[json.dumps(name)] = NEW_NAME
        if not words:
            return literal(body)
        pattern = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))
        return substituted(body, pattern, lambda found: f"'\"'{words[found.group()]}'\"'")

    def _url(self, exchange: Exchange) -> str:
        base, rest = self.base_of(exchange.request.url)
        path, mark, query = rest.partition("?")
        pieces = url_words(path, self._plan.ids)
        words = []
        for place, piece in enumerate(pieces):
            if place % 2:
                words.append(_id_word(self._plan.ids[unquote(piece)], piece))
            elif piece:
                words += self._derived(piece)
        return joined(f'"${base}"', *words, *self._query(exchange, mark + query))

    def _query(self, exchange: Exchange, query: str) -> Iterator[str]:
        """Yield the words of a query in which variables stand for ids and for values of earlier responses."""
        alone = exchange.step in {step.exchange.step for step in self._plan.steps if step.kind == "list"}
        end = 0
        for match in _VALUE.finditer(query):
            value = unquote_plus(match.group())
            source = self._plan.values.of(exchange.step, value)
            if alone and query[: match.start()].endswith("after_id="):
                word: str | None = ""  # all pages from the first one: the script's item is new
            elif source is not None and source.later:
                word = f'"$(in_path "$(hour_later "${source.variable}")")"'
            elif source is not None:
                word = _id_word(source.variable, match.group())
            elif value in self._plan.ids:
                word = _id_word(self._plan.ids[value], match.group())
            else:
                word = self._made_from(value, "work")
            if word is not None:
                yield self._with_secrets(query[end : match.start()], in_url=True)
                yield word
                end = match.end()
        if query[end:]:
            yield self._with_secrets(query[end:], in_url=True)

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
