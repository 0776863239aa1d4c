"""One operation to be performed: its headers, and what is kept of its request and response."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from conformance import __version__
from conformance.binding import BINDING_HEADER
from conformance.client.bad_credentials import Authentication
from conformance.client.cookies import Cookies
from conformance.client.rate_limiter import RequestKind
from conformance.client.transport import RawResponse
from conformance.exchange import Header, Request, Response
from conformance.redaction import Redactor
from conformance.target import Target

_KEPT_HEADERS: Final = frozenset(
    {
        *("age", "allow", "cache-control", "connection", "content-encoding", "content-language", "content-length"),
        *("content-type", "date", "etag", "expires", "keep-alive", "location", "pragma", "retry-after"),
        *("retry-after-ms", "request-id", "server", "strict-transport-security", "transfer-encoding", "vary", "via"),
        *("www-authenticate", "x-content-type-options", "x-ratelimit-limit", "x-ratelimit-remaining"),
        *("x-ratelimit-reset", "x-request-id", "x-should-retry"),
    }
)
"""Response headers whose values are kept. Of others only the name is kept: their values may be sensitive."""

_CREDENTIALS: Final = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie"})
"""Headers whose values are always secret."""

_SECRET_FIELD: Final = re.compile(r'("secret"\s*:\s*)"(?:[^"\\]|\\.)+"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One documented operation to be performed."""

    step: str
    operation: str
    method: str
    url: str
    kind: RequestKind
    headers: tuple[Header, ...] = ()
    authentication: Authentication | None = None
    body: str | None = None
    repeatable: bool = False
    """Whether it changes nothing, so that it may be retried after its response was lost."""
    listing: bool = False
    """Whether its response contains many objects, so that more of it is read."""
    cookies: Cookies | None = None
    """The cookies of its scenario."""
    fresh_connection: bool = False
    """Whether it uses a new connection."""
    user_agent: str | None = None
    """A User-Agent instead of the suite's; one that the user chose has priority."""


def headers_of(call: Call, target: Target, authentication: Authentication) -> list[Header]:
    """Return the headers to send: the user's headers replace the suite's, and the scenario's replace both."""
    general = [
        ("Accept", "application/json"),
        ("Accept-Encoding", "gzip"),
        ("User-Agent", _user_agent(call, target) or f"work-conformance/{__version__}"),
        *_binding(call, target),
    ]
    users = [*target.headers, *((name, secret.reveal()) for name, secret in target.secret_headers)]
    cases = [*authentication.sent, *call.headers]
    headers = [*_without(general, users, cases), *_without(users, cases), *cases]
    cookies = call.cookies.cookie_header(others=call.authentication is not None) if call.cookies is not None else ""
    return _joined(headers, cookies) if cookies else headers


def _user_agent(call: Call, target: Target) -> str | None:
    """Return the User-Agent that replaces the suite's own; it is shown so that the request can be repeated."""
    return target.user_agent or call.user_agent


def _binding(call: Call, target: Target) -> list[Header]:
    """Return the header with the digest of the run's binding; none where nothing may identify the suite."""
    return [] if target.binding is None or call.user_agent is not None else [(BINDING_HEADER, target.binding)]


def recorded_request(call: Call, target: Target, authentication: Authentication, redact: Redactor) -> Request:
    """Return the request as it is recorded: without common headers, with variables in place of secrets."""
    users = [
        *((name, secret.variable) for name, secret in target.secret_headers),
        *((name, redact(value)) for name, value in target.headers),
    ]
    cases = [*authentication.shown, *call.headers]
    user_agent = _user_agent(call, target)
    general = [("User-Agent", user_agent)] if user_agent is not None else []
    general += _binding(call, target)
    return Request(
        method=call.method,
        url=redact(call.url),
        headers=(
            *authentication.shown,
            *_without(general, users, cases),
            *_without(users, cases),
            *((name, redact(value)) for name, value in call.headers),
        ),
        body=redact(call.body) if call.body is not None else None,
    )


def recorded_response(reply: RawResponse, redact: Redactor) -> Response:
    """Return the response as it is recorded."""
    text = _SECRET_FIELD.sub(r'\1"[redacted]"', redact(reply.body.text))
    return Response(
        status=reply.status,
        headers=tuple(_kept_headers(reply.headers, redact)),
        body=replace(reply.body, text=text),
    )


def _joined(headers: list[Header], cookies: str) -> list[Header]:
    """Append these cookies to the user's own: a request has one Cookie header."""
    own = [value for name, value in headers if name.lower() == "cookie"]
    return [*(pair for pair in headers if pair[0].lower() != "cookie"), ("Cookie", "; ".join([*own, cookies]))]


def _without(headers: Iterable[Header], *others: Iterable[Header]) -> list[Header]:
    """Return the headers whose names occur in none of the others."""
    names = {name.lower() for each in others for name, _ in each}
    return [(name, value) for name, value in headers if name.lower() not in names]


def _kept_headers(headers: Iterable[Header], redact: Redactor) -> Iterable[Header]:
    for name, value in headers:
        yield redact(name), _kept_value(name.lower(), value, redact)


def _kept_value(name: str, value: str, redact: Redactor) -> str:
    """Return the value of a header if it is kept, or else a placeholder: `[redacted]` for secrets alone."""
    if name in _KEPT_HEADERS:
        return redact(value)
    return "[redacted]" if name in _CREDENTIALS else "[not kept]"
