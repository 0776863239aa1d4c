"""The signature of a failure: what it is about, without what differs from run to run and from machine to machine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from conformance.judging.verdict import Failure, Verdict

_RACE: Final = "answer: responses that some order of the operations explains"
"""The signature of every race that no order explains; waivers of earlier versions name it too."""
_LOOK: Final = 300
_READ: Final = 8 * _LOOK
"""Characters of a failure that its signature is made from; ids and times are replaced by short names."""
_VOLATILE: Final = (
    (re.compile(r"\d{4}-\d\d-\d\d[Tt][0-9:.]+(?:[Zz]|[+-]\d\d:\d\d)?"), "<time>"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<id>"),
    (re.compile(r"\b[a-z]+_(?=[a-f]*\d)[0-9a-f]{6,}\b"), "<id>"),
    (re.compile(r"\b[a-z]+_(?=[A-Za-z]*\d+[A-Za-z]+\d)[0-9A-Za-z]{8,}\b"), "<id>"),
    (re.compile(r"\b(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{16,}\b"), "<id>"),
    (re.compile(r"\bconformance-[0-9a-f-]+"), "<worker>"),
    (re.compile(r"\b\d+\.\d+(?= s\b)"), "<seconds>"),
    (re.compile(r"\d{5,}"), "<number>"),
)


def failure_signature(failure: Failure) -> str:
    """Return a failure's signature: place, expected and found, without what differs from run to run."""
    if failure.diagram is not None and not failure.pointer:
        return _RACE  # which responses of a race contradict each other is random
    found = "" if failure.diagram is not None else f" | {failure.actual.en}"
    return lasting(f"{failure.pointer or 'answer'}: {failure.expected.en}{found}")


def cause_signature(verdict: Verdict, failure: Failure) -> str:
    """Return the failure's signature as part of a root cause, without its requirement.

    A race that cannot be linearized has the same signature everywhere, so there the requirement is part of it.
    """
    return f"{verdict.line.requirement} {failure_signature(failure)}" if failure.diagram else failure_signature(failure)


def cause_signatures(verdict: Verdict) -> frozenset[str]:
    """Return the signatures of a verdict's failures as root causes, each once."""
    return frozenset(cause_signature(verdict, failure) for failure in verdict.failures)


@lru_cache(maxsize=4096)
def lasting(text: str) -> str:
    """Return a text without what differs from run to run, in at most 300 characters."""
    text = text[:_READ]
    for pattern, name in _VOLATILE:
        text = pattern.sub(name, text)
    shown = "".join(char if char.isprintable() else "?" for char in text[: _LOOK + 1])
    return shown if len(shown) <= _LOOK else shown[: _LOOK - 1] + "…"


def failure_signatures(verdicts: Iterable[Verdict]) -> list[str]:
    """Return the signatures of all failures, each once."""
    return list(dict.fromkeys(failure_signature(failure) for verdict in verdicts for failure in verdict.failures))
