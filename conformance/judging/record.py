"""A whole run as one value: what was planned, what was found, and under which circumstances."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from conformance.arrange.arrangement import Mode
from conformance.contract.catalogue import load
from conformance.judging.gate import Decision, decide
from conformance.judging.tally import Tally, tally
from conformance.judging.verdict import Line, Verdict
from conformance.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """How a run was made. Times are seconds; `started_at` is RFC 3339 in UTC.

    `arranged_by` says where the items came from; `selection` is what was asked for in words, None for everything;
    `interrupted` says what cut the run short; `leftovers` are sentences about what could not be removed from the
    target; `unwritten` says why there is no report.
    """

    run_id: str
    seed: int
    suite_version: str
    catalogue_version: str
    started_at: str
    duration: float
    base_url: str
    api_prefix: str
    worker_header: str
    embedded: bool
    insecure: bool
    processes: int
    strict: bool
    arranged_by: Mode = "api"
    requests: int = 0
    selection: str | None = None
    interrupted: Text | None = None
    leftovers: tuple[str, ...] = ()
    unwritten: Text | None = None


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """Circumstances, plan and verdicts; what follows from them is computed once."""

    circumstances: Circumstances
    plan: tuple[Line, ...]
    verdicts: tuple[Verdict, ...]

    @cached_property
    def tally(self) -> Tally:
        """The verdicts, counted."""
        return tally(load(), self.plan, self.verdicts)

    @cached_property
    def decision(self) -> Decision:
        """The run's word and exit code."""
        about = self.circumstances
        return decide(
            self.tally,
            selected=about.selection is not None,
            strict=about.strict,
            polls=about.arranged_by == "api",
            unwritten=about.unwritten,
        )
