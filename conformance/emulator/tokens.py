"""Access tokens and their principals (authentication page of the conventions).

There are four kinds of tokens, so that clients can provoke each of the refusals 401, 403 and 404:

==========  ===================  ==================================================================
owner       the main tenant      everything
forbidden   the main tenant      sees resources, may not change them, poll or act on work (403)
foreign     another tenant       all its own resources; those of others do not exist (404)
expired     --                   401, like any unknown token
==========  ===================  ==================================================================
"""

import hmac
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass, fields

from .errors import unauthenticated

_ALPHABET = string.ascii_letters + string.digits
_RANDOM_CHARACTERS = 40


@dataclass(frozen=True)
class Tokens:
    """The four tokens of a server instance. The repr never shows their values."""

    owner: str
    forbidden: str
    foreign: str
    expired: str

    def __repr__(self) -> str:
        shown = ", ".join(f"{field.name}=***" for field in fields(self))
        return f"Tokens({shown})"

    @classmethod
    def generate(cls) -> "Tokens":
        """Return four different random tokens in the documented format: ``pt-`` and letters and digits."""

        def token() -> str:
            return "pt-" + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_CHARACTERS))

        return cls(owner=token(), forbidden=token(), foreign=token(), expired=token())


@dataclass(frozen=True)
class Principal:
    """The tenant that a request acts for, and whether it may make changes."""

    tenant: str
    may_act: bool


_OWNER = Principal("main", may_act=True)
_FORBIDDEN = Principal("main", may_act=False)
_FOREIGN = Principal("other", may_act=True)


def authenticate(tokens: Tokens, authorization: Sequence[str]) -> Principal:
    """Return the principal of a request, from all its ``Authorization`` header values.

    The comparison ignores the letter case of the scheme (RFC 9110) and compares the whole token exactly. Raises ApiError
    401 unless there is exactly one header, with the Bearer scheme and a known token that is not expired.
    """
    if len(authorization) != 1:
        raise unauthenticated()
    scheme, _, presented = authorization[0].partition(" ")
    if scheme.lower() == "bearer":
        given = presented.encode()
        for token, principal in (
            (tokens.owner, _OWNER),
            (tokens.forbidden, _FORBIDDEN),
            (tokens.foreign, _FOREIGN),
        ):
            if hmac.compare_digest(token.encode(), given):
                return principal
    raise unauthenticated()
