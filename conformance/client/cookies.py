"""Cookies of one scenario: a load balancer may set them to send all of its requests to one server."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from conformance.exchange import Header

_MOST: Final = 32
_LONGEST: Final = 4096

_STICKY: Final = re.compile(
    r"awsalb\w*|awselb\w*|serverid\w*|srv\w*|route\w*|\w*sticky\w*|\w*affinity\w*|\w*backend\w*|ingress\w*|gclb|gcilb|lb\w*"
    r"|bigipserver.*|nsc_.*|acw_tc|x-oracle-bmc-.*|traefik\w*|haproxy\w*|node\w*|upstream\w*",
    re.IGNORECASE,
)
"""Cookies that only name a server."""


class Cookies:
    """Stores the cookies that responses set, and returns those for the scenario's next request."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def store(self, headers: Iterable[Header]) -> None:
        """Store or remove the cookies that a response sets or removes."""
        for header, value in headers:
            if header.lower() == "set-cookie":
                self._keep(value[:_LONGEST])

    def cookie_header(self, *, others: bool) -> str:
        """Return the value of a Cookie header, empty for none.

        With `others`, the request has other credentials than those that the cookies were set for. The cookies must not
        authenticate it, so only those that name a server are sent.
        """
        carried = (f"{name}={value}" for name, value in self._values.items() if not others or _STICKY.fullmatch(name))
        return "; ".join(carried)

    def _keep(self, text: str) -> None:
        pair, *attributes = text.split(";")
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not equals or not name or not f"{name}{value}".isascii() or not f"{name}{value}".isprintable():
            return
        if _is_over(attributes):
            self._values.pop(name, None)
        elif name in self._values or len(self._values) < _MOST:
            self._values[name] = value


def _is_over(attributes: Iterable[str]) -> bool:
    """Return whether a cookie is being removed."""
    for attribute in attributes:
        name, _, value = (part.strip().lower() for part in attribute.partition("="))
        if name == "max-age" and (value == "0" or value.startswith("-")):
            return True
        if name == "expires" and _is_past(value):
            return True
    return False


def _is_past(text: str) -> bool:
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return False
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) <= datetime.now(UTC)
