"""How a scenario shows itself to the target: as this suite, or as a client like any other.

A target could behave well where it recognises the suite, so half of the scenarios, chosen by the seed, come with
nothing that says who they are: neither User-Agent nor Worker-IDs nor the names of sessions.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from typing import Final, Literal

OptionalToken = Literal["forbidden", "foreign", "expired"]
"""A credential that a run may go without; what needs it is then left out."""

_USER_AGENTS: Final = ("python-httpx/0.28.1", "Go-http-client/1.1", "okhttp/4.12.0", "axios/1.7.9")


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """The User-Agent of a client like any other; None for the suite's own, and for names that say so."""

    user_agent: str | None = None

    @property
    def neutral(self) -> bool:
        """Whether nothing says that this is the suite."""
        return self.user_agent is not None

    def worker_id(self, rng: random.Random) -> str:
        """A Worker-ID of letters, digits and hyphens that ends in a hex digit, 36 characters at most."""
        if self.neutral:
            return str(uuid.UUID(int=rng.getrandbits(128), version=4))
        return f"conformance-{rng.getrandbits(48):012x}"


SUITE_IDENTITY: Final = ClientIdentity()


def choose_client_identity(seed: int, place: int, repetition: int) -> ClientIdentity:
    """The guise of the scenario at a place in their order: every other one is neutral, and in repetitions in turn."""
    if (seed + place + repetition) % 2:
        return SUITE_IDENTITY
    return ClientIdentity(_USER_AGENTS[(seed + place) // 2 % len(_USER_AGENTS)])
