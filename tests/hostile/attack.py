"""One attack: which requests it answers, how, and the exit code that is right."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from conformance.emulator import Tokens

from .misbehaving_servers import (
    Misbehaviour,
    Place,
)


@dataclass(frozen=True, kw_only=True)
class World:
    """What an attacker knows and owns: the tokens that it is sent, and another host."""

    tokens: Tokens
    elsewhere: str


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One way to answer.

    `on` says which requests get it; `code` is the exit code that is right. Attacks `on` preparations end runs before
    they begin.
    """

    id: str
    answer: Callable[[World], Misbehaviour]
    on: Place
    code: int

    def __str__(self) -> str:
        return self.id


def acks(method: str, path: str) -> bool:
    """An ack."""
    return path.endswith("/ack")


def item_requests(method: str, path: str) -> bool:
    """Whatever is about one work item."""
    return re.search(r"/work/[^/]+", path) is not None


def gets(method: str, path: str) -> bool:
    """A get of an item."""
    return method == "GET" and re.search(r"/work/(?!poll)[^/]+$", path) is not None


def polls(method: str, path: str) -> bool:
    """A poll."""
    return path.endswith("/work/poll")


def sessions(method: str, path: str) -> bool:
    """The creation of a session: the last of the preparations."""
    return path.endswith("/sessions")


def removals(method: str, path: str) -> bool:
    """Whatever cleans up."""
    return method == "DELETE" or path.endswith(("/stop", "/archive", "/cancel"))


def everything(method: str, path: str) -> bool:
    """Every request."""
    return True


def table(on: Place, code: int, answers: dict[str, Misbehaviour]) -> list[Attack]:
    """Attacks that ask nothing of the world."""
    return [Attack(id=name, answer=partial(_whatever, answer), on=on, code=code) for name, answer in answers.items()]


def _whatever(answer: Misbehaviour, world: World) -> Misbehaviour:
    return answer
