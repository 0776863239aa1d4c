"""How a scenario identifies itself to the target: as this suite, or as an ordinary client.

A target could behave well only when it recognises the suite. So half of the scenarios, chosen by the seed, contain
nothing that identifies the suite: no User-Agent, Worker-ID or session name.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from typing import Final, Literal

OptionalToken = Literal["forbidden", "foreign", "expired"]
"""A credential that a run may lack; the scenarios that need it are then left out."""

_USER_AGENTS: Final = ("python-httpx/0.28.1", "Go-http-client/1.1", "okhttp/4.12.0", "axios/1.7.9")


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """The User-Agent of an ordinary client; None for the suite's own User-Agent and names."""

    user_agent: str | None = None

    @property
    def neutral(self) -> bool:
        """Whether nothing identifies the suite."""
        return self.user_agent is not None

    def worker_id(self, rng: random.Random) -> str:
        """Return a Worker-ID of letters, digits and hyphens that ends in a hex digit, at most 36 characters long."""
        if self.neutral:
            return str(uuid.UUID(int=rng.getrandbits(128), version=4))
        return f"conformance-{rng.getrandbits(48):012x}"


SUITE_IDENTITY: Final = ClientIdentity()


def choose_client_identity(seed: int, place: int, repetition: int) -> ClientIdentity:
    """Return the identity of the scenario at a place in their order: every other one is neutral; repetitions alternate."""
    if (seed + place + repetition) % 2:
        return SUITE_IDENTITY
    return ClientIdentity(_USER_AGENTS[(seed + place) // 2 % len(_USER_AGENTS)])
