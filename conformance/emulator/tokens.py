"""Access tokens and who they stand for (authentication page of the conventions).

Four kinds exist, so that each of the refusals 401, 403 and 404 can be provoked:

==========  ===================  ==================================================================
owner       the main tenant      everything
forbidden   the main tenant      sees resources, may not change them, poll or act on work (403)
foreign     another tenant       everything of its own; what belongs to others does not exist (404)
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
    """The four tokens a server instance knows. Their values never show in a repr."""

    owner: str
    forbidden: str
    foreign: str
    expired: str

    def __repr__(self) -> str:
        shown = ", ".join(f"{field.name}=***" for field in fields(self))
        return f"Tokens({shown})"

    @classmethod
    def generate(cls) -> "Tokens":
        """Four different random tokens in the documented form: ``pt-`` and letters and digits."""

        def token() -> str:
            return "pt-" + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_CHARACTERS))

        return cls(owner=token(), forbidden=token(), foreign=token(), expired=token())


@dataclass(frozen=True)
class Principal:
    """Whom a request acts for: a tenant, and whether it may change things there."""

    tenant: str
    may_act: bool


_OWNER = Principal("main", may_act=True)
_FORBIDDEN = Principal("main", may_act=False)
_FOREIGN = Principal("other", may_act=True)


def authenticate(tokens: Tokens, authorization: Sequence[str]) -> Principal:
    """The principal of a request, from all its ``Authorization`` header values.

    The scheme is compared without regard to case (RFC 9110), the token whole and exactly. Raises ApiError 401
    for anything but exactly one header with the Bearer scheme and a token that is known and not expired.
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
