"""Generates unknown and malformed ids from an id of the target."""

from __future__ import annotations

import math
import random
import re
import string
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from conformance.arrange.item_spec import Item
from conformance.arrange.responses import CannotArrange
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

_CLASSES: Final = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
_CANDIDATES: Final = 8
_REACH: Final = 10_000
"""The minimum distance of an unknown number from a known one, so that a counter cannot reach it during the run."""

_MORE_THAN_ANY: Final = 10**12
"""More ids than a target has."""

_LONGEST: Final = 64
_LONGEST_PREFIX: Final = 32
_UNUSUAL: Final = re.compile(r"[^A-Za-z0-9_-]")


def generate_unknown_id(given: str, rng: random.Random, *, whole: bool = False) -> str:
    """Return an id with the same prefix, length and alphabet that differs in its last third, or if `whole` in all of it.

    Each character is replaced by one of the same class (digit, lower case, upper case) that the id uses, so that the
    alphabet stays the same. In an id that has only digits, as many as necessary become nines: a counter reaches these
    last.
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
    """Return the prefix with its underscore, and the rest. The prefix is empty if there is no underscore."""
    head, underscore, rest = given.partition("_")
    return (head + underscore, rest) if underscore and rest else ("", given)


def malformed_ids(given: str) -> dict[str, str]:
    """Return malformed ids by name. Each is one segment of `[A-Za-z0-9_-]` with at most 64 characters."""
    prefix, body = (_UNUSUAL.sub("", part) for part in split(given))
    prefix = prefix[:_LONGEST_PREFIX]
    return {
        "wrong-prefix": f"wrong_{body}"[:_LONGEST],
        "prefix-only": prefix or "work_",
        "too-short": f"{prefix}{body[: min(4, len(body) - 1)]}" if len(body) > 1 else prefix or "x",
    }


async def unknown_work_id(stage: ScenarioContext, item: Item) -> str:
    """Return a work id for which a GET in the item's environment finds nothing."""
    return await _unknown(stage, item.work_id, lambda candidate: stage.exists(item.environment_id, candidate))


async def unknown_environment_id(stage: ScenarioContext, item: Item) -> str:
    """Return an environment id under which a GET does not find the item."""
    return await _unknown(stage, item.environment_id, lambda candidate: stage.exists(candidate, item.work_id))


async def unknown_environment_id_without_item(stage: ScenarioContext) -> str:
    """Return an environment id for which a GET of the environment finds nothing."""
    return await _unknown(stage, stage.run_resources.main, stage.environment_exists)


async def _unknown(stage: ScenarioContext, given: str, exists: Callable[[str], Awaitable[bool]]) -> str:
    """Return an id for which a GET finds nothing.

    Where a GET finds every candidate, although so many ids are possible that no target knows them all, the GET is wrong,
    and the last candidate is as unknown as any.
    """
    seen = {given, stage.run_resources.main, stage.run_resources.quiet, stage.run_resources.cloud}
    candidate, unknowable = given, False
    for number in range(_CANDIDATES):
        # If so few ids are possible that the target knows them all, change more of the id.
        whole = number >= _CANDIDATES // 2
        fresh = generate_unknown_id(given, stage.rng, whole=whole)
        if fresh in seen:
            continue
        candidate, unknowable = fresh, whole and is_vast(given)
        seen.add(candidate)
        if not await exists(candidate):
            return candidate
    if unknowable:
        return candidate
    raise CannotArrange(
        Text("the suite found no id that is unknown to the target", "套件没有找到目标中不存在的 id"),
        f"probe.{len(stage.exchanges) - 1}",
    )


def is_vast(given: str) -> bool:
    """Return whether more ids of this form are possible than any target has.

    A GET that finds a malformed id, or each of many random ones, is then wrong.
    """
    _, body = split(given)
    return not body.isdecimal() and math.prod(len(_same_class(each, body)) or 1 for each in body) > _MORE_THAN_ANY


def _same_class(character: str, body: str) -> str:
    for members in _CLASSES:
        if character in members:
            return "".join(sorted({c for c in body if c in members}))
    return character
