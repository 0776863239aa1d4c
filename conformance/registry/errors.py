"""Why a registry cannot be used, or does not take a certificate."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.text import Text


class UnusableRegistry(Exception):
    """A registry cannot be read; `reason` says why.

    BrokenRegistry: its content is not what the authority signed.
    UndecidedRegistry: it cannot be reached, is too large, or has a newer format.
    """

    def __init__(self, reason: Text) -> None:
        self.reason = reason
        super().__init__(reason.en)


class BrokenRegistry(UnusableRegistry):
    """The content is not what the authority signed."""


class UndecidedRegistry(UnusableRegistry):
    """The content cannot be had, or this version does not know its format."""


class Refused(Exception):
    """The registry does not take a change; `reasons` lists every reason.

    Undecided: nothing is known to be wrong, but the installed version cannot decide.
    """

    def __init__(self, reasons: Iterable[Text]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("; ".join(reason.en for reason in self.reasons))


class Undecided(Refused):
    """The installed version cannot decide whether the registry takes a change."""
