"""Ids that nothing has, and ids that nothing can have, made from one that the target itself gave (ruling 12)."""

from __future__ import annotations

import random
import re
import string
from typing import TYPE_CHECKING, Final

from conformance.arrange.item_spec import Item
from conformance.arrange.responses import CannotArrange
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

_CLASSES: Final = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
_CANDIDATES: Final = 8
_REACH: Final = 10_000
"""How far ahead of a given number an unknown one is at least: a counter must not come to it while the run lasts."""

_LONGEST: Final = 64
_LONGEST_PREFIX: Final = 32
_UNUSUAL: Final = re.compile(r"[^A-Za-z0-9_-]")


def generate_unknown_id(given: str, rng: random.Random, *, whole: bool = False) -> str:
    """An id of the same prefix, length and alphabet, other only in its last third, or in the `whole` of it.

    Each character is replaced by one of its class (digit, lower, upper case) that the id itself uses, so that the
    alphabet holds whatever it is; an id of digits alone gets nines, which a counter reaches last: in as many places
    as it takes to be out of its reach.
    """
    prefix, body = split(given)
    keep = 0 if whole else len(body) - max(1, len(body) // 3)
    if body.isdecimal():
        return prefix + _far_ahead(body, keep, rng)
    tail = body[keep:]
    return prefix + body[:keep] + "".join(rng.choice(_same_class(c, body)) for c in tail)


def _far_ahead(digits: str, keep: int, rng: random.Random) -> str:
    while keep and int("9" * (len(digits) - keep)) - int(digits[keep:]) < _REACH:
        keep -= 1
    size = len(digits) - keep
    return digits[:keep] + ("9" * size if digits[keep:] != "9" * size else "".join(rng.choices(string.digits, k=size)))


def split(given: str) -> tuple[str, str]:
    """Prefix with its underscore, and the rest; no prefix where there is no underscore."""
    head, underscore, rest = given.partition("_")
    return (head + underscore, rest) if underscore and rest else ("", given)


def malformed_ids(given: str) -> dict[str, str]:
    """Malformed ids by name: one segment of `[A-Za-z0-9_-]` each, at most 64 long."""
    prefix, body = (_UNUSUAL.sub("", part) for part in split(given))
    prefix = prefix[:_LONGEST_PREFIX]
    return {
        "wrong-prefix": f"wrong_{body}"[:_LONGEST],
        "prefix-only": prefix or "work_",
        "too-short": f"{prefix}{body[: min(4, len(body) - 1)]}" if len(body) > 1 else prefix or "x",
    }


async def unknown_work_id(stage: ScenarioContext, item: Item) -> str:
    """A work id that a get in the item's environment does not know."""
    return await _unknown(stage, item.work_id, environment_id=item.environment_id)


async def unknown_environment_id(stage: ScenarioContext, item: Item) -> str:
    """An environment id under which a get does not find the item."""
    return await _unknown(stage, item.environment_id, work_id=item.work_id)


async def _unknown(stage: ScenarioContext, given: str, *, environment_id: str = "", work_id: str = "") -> str:
    seen = {given, stage.run_resources.main, stage.run_resources.quiet, stage.run_resources.cloud}
    for number in range(_CANDIDATES):
        # Where so few ids are possible that the target knows them all, more of the id has to change.
        candidate = generate_unknown_id(given, stage.rng, whole=number >= _CANDIDATES // 2)
        if candidate in seen:
            continue
        seen.add(candidate)
        if not await stage.exists(environment_id or candidate, work_id or candidate):
            return candidate
    raise CannotArrange(
        Text("no id was found that the target does not know", "没有找到目标不认识的 id"),
        f"probe.{len(stage.exchanges) - 1}",
    )


def _same_class(character: str, body: str) -> str:
    for members in _CLASSES:
        if character in members:
            return "".join(sorted({c for c in body if c in members}))
    return character
