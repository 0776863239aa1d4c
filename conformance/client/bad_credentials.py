"""The shapes of a bad credential (ruling 10), each a value that knows the shell expression for itself."""

from __future__ import annotations

import base64
import random
import string
from dataclasses import dataclass
from typing import Final

from conformance.target import Secret

_CLASSES: Final = (string.digits, string.ascii_lowercase, string.ascii_uppercase)

_LONGEST_PREFIX: Final = 8
"""Characters at the start in which a hyphen ends a prefix (`pt-`); a later one is a character like any other."""

_SHORTEST_SIGNATURE: Final = 3
"""Characters that have a middle other than the last one."""


@dataclass(frozen=True, slots=True)
class Authentication:
    """What a request says about who sends it: header pairs as sent, and as they may be shown."""

    sent: tuple[tuple[str, str], ...]
    shown: tuple[tuple[str, str], ...]


ANONYMOUS: Final = Authentication((), ())
NO_TOKEN: Final = Authentication((("Authorization", "Bearer"),), (("Authorization", "Bearer"),))


def bearer(secret: Secret) -> Authentication:
    """The documented scheme."""
    return _header("Authorization", "Bearer ", secret)


def scheme(name: str, secret: Secret) -> Authentication:
    """Another scheme with the right token."""
    return _header("Authorization", f"{name} ", secret)


def basic(secret: Secret) -> Authentication:
    """HTTP Basic with the right token as user name and no password."""
    encoded = base64.b64encode(f"{secret.reveal()}:".encode()).decode()
    return _header("Authorization", "Basic ", Secret(encoded, f'$(printf %s: "{secret.variable}" | base64 -w0)'))


def api_key(secret: Secret) -> Authentication:
    """The right token in `x-api-key` alone."""
    return _header("x-api-key", "", secret)


def truncated(secret: Secret) -> Secret:
    """Without the last character."""
    return Secret(secret.reveal()[:-1], _expression(secret, "%?"))


def extended(secret: Secret) -> Secret:
    """With one character more."""
    return Secret(secret.reveal() + "x", f"{secret.variable}x")


def altered(secret: Secret) -> Secret:
    """With one character changed in the middle; in a JWT, in the middle of its signature."""
    value = secret.reveal()
    start = value.rfind(".") + 1 if value.count(".") == 2 else 0
    if len(value) - start < _SHORTEST_SIGNATURE:
        start = 0
    middle = start + (len(value) - start) // 2
    letters = (at for at in range(start, len(value) - 1) if value[at].isalnum())
    at = min(letters, key=lambda at: abs(at - middle), default=middle)
    other = _neighbour(value[at])
    shown = f"{_expression(secret, f':0:{at}')}{other}{_expression(secret, f':{at + 1}')}"
    return Secret(value[:at] + other + value[at + 1 :], shown)


def case_swapped(secret: Secret) -> Secret | None:
    """With the case of its letters swapped, but for its prefix and its last character; None where it has no letters.

    In a JWT only in the middle of its signature: what stands before would not be read at all.
    """
    value = secret.reveal()
    start, end = value.find("-", 0, _LONGEST_PREFIX) + 1, len(value) - 1
    if value.count(".") == 2:
        signature = value.rfind(".") + 1
        quarter = (len(value) - signature) // 4
        start, end = signature + quarter, len(value) - 1 - quarter
    swapped = value[start:end].swapcase()
    if start >= end or swapped == value[start:end]:
        return None
    middle = f"$(tr a-zA-Z A-Za-z <<<{_expression(secret, f':{start}:{end - start}')})"
    shown = f"{_expression(secret, f':0:{start}')}{middle}{_expression(secret, f':{end}')}"
    return Secret(value[:start] + swapped + value[end:], shown)


def unissued_token(secret: Secret, rng: random.Random) -> Secret:
    """A token of the same shape that the target never issued: not a secret, so it may be shown as it is."""
    value = secret.reveal()
    start = value.find("-", 0, _LONGEST_PREFIX) + 1
    body = "".join(rng.choice(_class_of(c)) for c in value[start:])
    return Secret(value[:start] + body, value[:start] + body)


def derived_secrets(secret: Secret) -> tuple[Secret, ...]:
    """Every shape that gives the secret away: the redactor must know them all."""
    swapped = case_swapped(secret)
    shapes = (secret, truncated(secret), extended(secret), altered(secret))
    return shapes if swapped is None else (*shapes, swapped)


def _header(name: str, prefix: str, secret: Secret) -> Authentication:
    return Authentication(((name, prefix + secret.reveal()),), ((name, prefix + secret.variable),))


def _expression(secret: Secret, operation: str) -> str:
    return f"{secret.variable[:-1]}{operation}}}"


def _class_of(character: str) -> str:
    return next((members for members in _CLASSES if character in members), character)


def _neighbour(character: str) -> str:
    members = _class_of(character)
    if len(members) == 1:
        return "x"
    return members[(members.index(character) + 1) % len(members)]
