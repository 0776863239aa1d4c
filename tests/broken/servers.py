"""Every broken server there is. The tables are in the modules, a chapter of the contract at a time."""

from __future__ import annotations

from typing import Final

from tests.broken import of_access, of_acks, of_bodies, of_identity, of_refusals
from tests.broken.model import Server

SERVERS: Final[tuple[Server, ...]] = (
    *of_acks.SERVERS,
    *of_identity.SERVERS,
    *of_refusals.SERVERS,
    *of_access.SERVERS,
    *of_bodies.SERVERS,
)
