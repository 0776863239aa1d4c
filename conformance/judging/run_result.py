"""A whole run as one value: what was planned, what was found, and under which circumstances."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from functools import cached_property
from typing import Any, Final

from conformance.arrange.modes import ArrangeMode
from conformance.contract.catalogue import load_catalogue
from conformance.judging.aggregate import Tally, tally
from conformance.judging.exit_code import Decision, decide
from conformance.judging.verdict import PlannedCheck, Repetitions, Verdict
from conformance.judging.waivers import Waivers, parse
from conformance.target import ConfigurationError
from conformance.text import Text

_PLAIN: Final[dict[str, tuple[type, ...]]] = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "str | None": (str, type(None)),
    "ArrangeMode": (str,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """How many seconds the parts of a run took; what is missing to its duration is the start and the end of the process.

    `conversations` is from the first conversation to the last verdict.
    """

    preflight: float
    conversations: float
    clean_up: float

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Phases:
        """Read what was written down.

        Raises:
            TypeError: a part is missing, unknown or no number.
            ValueError: it is a number that no time can be.
        """
        if not all(0 <= seconds < math.inf for seconds in data.values()):
            raise ValueError("a phase is not a number of seconds")
        return cls(**data)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMetadata:
    """How a run was made. Times are seconds; `started_at` is RFC 3339 in UTC.

    `waivers` is the text of the file of known failures. `replayed` says that saved transcripts were judged again, and nobody was talked to. `arranged_by` says where the items came from; `selection` is what was asked for in words, None for everything;
    `interrupted` says what cut the run short; `leftovers` are sentences about what could not be removed from the
    target; `turned_away` is how many answers were 429 or 503, the clean-up's included; `repeat` is how often each scenario was to be held; `unwritten` says which reports are missing, and why; `phases` is
    None for a run that did not measure them. `states` are the target's own names for documented states that the run was
    asked to take as those; `noticed` is what other operations did beside the docs, which is not judged.
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
    arranged_by: ArrangeMode = "api"
    requests: int = 0
    turned_away: int = 0
    selection: str | None = None
    interrupted: Text | None = None
    leftovers: tuple[str, ...] = ()
    replayed: bool = False
    repeat: int = 1
    waivers: str | None = None
    unwritten: Text | None = None
    writer_broke: bool = False
    phases: Phases | None = None
    states: tuple[tuple[str, str], ...] = ()
    noticed: tuple[Text, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A JSON object; `from_json` reads it back to an equal value."""
        return asdict(self)

    @property
    def removed(self) -> bool:
        """Whether the objects that the run's requests name are gone: the suite made them, and left none behind."""
        return self.arranged_by == "api" and not self.leftovers

    @property
    def known_failures(self) -> Waivers:
        """The waivers, as they were on the day of the run."""
        return parse(self.waivers or "", today=date.fromisoformat(self.started_at[:10]))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RunMetadata:
        """Read what `to_json` wrote.

        Raises:
            ValueError: a part is missing, unknown or of the wrong type.
        """
        try:
            texts = {name: data[name] for name in ("interrupted", "unwritten")}
            about = cls(
                **{
                    **data,
                    **{name: Text.from_json(text) if text is not None else None for name, text in texts.items()},
                    "leftovers": tuple(map(str, data["leftovers"])),
                    "states": tuple((str(name), str(state)) for name, state in data.get("states", ())),
                    "noticed": tuple(Text.from_json(text) for text in data.get("noticed", ())),
                    "phases": Phases.from_json(data["phases"]) if data.get("phases") is not None else None,
                }
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"a part is missing or malformed: {error!r}") from None
        try:
            assert about.known_failures is not None
        except ConfigurationError as error:
            raise ValueError(f"the waivers cannot be read: {error}") from None
        for field in fields(cls):
            kinds = _PLAIN.get(str(field.type))
            if kinds is not None and not isinstance(getattr(about, field.name), kinds):
                raise ValueError(f"{field.name} is of the wrong type")
        return about


_NOT_OVER: Final = Text("its repetitions were not over", "重复尚未完成")


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """Circumstances, plan and verdicts; what follows from them is computed once."""

    circumstances: RunMetadata
    plan: tuple[PlannedCheck, ...]
    verdicts: tuple[Verdict, ...]

    @cached_property
    def tally(self) -> Tally:
        """The verdicts, counted."""
        return tally(load_catalogue(), self.plan, self.verdicts)

    @cached_property
    def decision(self) -> Decision:
        """The run's word and exit code."""
        about = self.circumstances
        return decide(
            self.tally,
            selected=about.selection is not None,
            strict=about.strict,
            polls=about.arranged_by == "api",
            waiver_problems=self.waiver_problems,
            unwritten=about.unwritten,
            writer_broke=about.writer_broke,
            cut=self.cut,
            states=about.states,
        )

    @cached_property
    def cut(self) -> Text | None:
        """Where the run was stopped before its end, in words; None where it came to it."""
        less = self.scenarios_missing_repetitions
        if less and self.circumstances.repeat > 1:
            fewest = min(less.values(), key=lambda repetitions: repetitions.held)
            words = Text("stopped after {n} of {m} repetitions", "{m} 次重复中只进行了 {n} 次即停止")
            return words.format(n=fewest.held, m=fewest.wanted)
        if less or self.circumstances.interrupted is not None:
            why = self.circumstances.interrupted or _NOT_OVER
            return Text("stopped early ({why})", "提前停止（{why}）").format(why=why)
        return None

    @property
    def flaky(self) -> list[Verdict]:
        """What did not come out the same each time that its scenario was held."""
        return [verdict for verdict in self._found if verdict.repetitions is not None and verdict.repetitions.flaky]

    @property
    def scenarios_missing_repetitions(self) -> dict[str, Repetitions]:
        """Scenarios that were held less often than was asked for, by name."""
        return {
            verdict.line.scenario: verdict.repetitions
            for verdict in self._found
            if verdict.repetitions is not None and verdict.repetitions.held < verdict.repetitions.wanted
        }

    @property
    def _found(self) -> list[Verdict]:
        return [verdict for result in self.tally.results for verdict in result.verdicts]

    @cached_property
    def waiver_problems(self) -> list[Text]:
        """Waivers that expired or no longer match, each with its line of the file."""
        return self.circumstances.known_failures.waiver_problems(
            self.verdicts, whole=self.circumstances.selection is None
        )
