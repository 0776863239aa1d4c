"""A whole run as one value: its plan, its verdicts, and how it was made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from functools import cached_property
from typing import Any, Final

from conformance.arrange.modes import ArrangeMode
from conformance.contract.catalogue import load_catalogue
from conformance.contract.operations import PROFILES, Profile
from conformance.judging.aggregate import Tally, tally
from conformance.judging.baseline import Baseline, ChangesSince, changes_since
from conformance.judging.exit_code import Decision, decide
from conformance.judging.verdict import PlannedCheck, Repetitions, Verdict
from conformance.judging.waivers import Waivers, parse
from conformance.target import ConfigurationError
from conformance.text import Text
from conformance.worker_harness.command import BY_HAND
from conformance.worker_harness.script import REAL_LEASE

_PLAIN: Final[dict[str, tuple[type, ...]]] = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "str | None": (str, type(None)),
    "float | None": (float, int, type(None)),
    "ArrangeMode": (str,),
    "Profile": (str,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """Durations of the parts of a run, in seconds; the rest of its duration is the start and end of the process.

    `conversations` is the time from the first scenario's start to the last verdict.
    """

    preflight: float
    conversations: float
    clean_up: float

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Phases:
        """Read the durations from JSON.

        Raises:
            TypeError: a part is missing, unknown or not a number.
            ValueError: a number is not a valid duration.
        """
        if not all(0 <= seconds < math.inf for seconds in data.values()):
            raise ValueError("a phase is not a number of seconds")
        return cls(**data)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMetadata:
    """How a run was made. Durations are seconds; `started_at` is RFC 3339 in UTC.

    - `waivers`: the text of the waiver file.
    - `replayed`: whether saved transcripts were judged again, without any request.
    - `profile`: which operations it judged.
    - `arranged_by`: where the items came from.
    - `selection`: the selection in words; None for everything.
    - `interrupted`: what cut the run short.
    - `leftovers`: sentences about objects that could not be removed from the target.
    - `turned_away`: the number of 429 and 503 responses, including those during the clean-up.
    - `repeat`: how often each scenario was to run.
    - `unwritten`: which reports are missing, and why.
    - `phases`: None for a run that did not measure them.
    - `states`: the target's own state names that the run was asked to map to documented ones.
    - `last_response_at`: time of the last response, if the target no longer responded at the end of the run.
    - `rerun_options`: the words of a command line that sends to the same server in the same way.
    - `worker`: the command of the worker that was judged; `lease_seconds` is the length of its leases.
    - `noticed`: deviations of other operations from the docs, which are not judged.
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
    profile: Profile = "ack"
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
    phases: Phases | None = None
    states: tuple[tuple[str, str], ...] = ()
    noticed: tuple[Text, ...] = ()
    last_response_at: str | None = None
    rerun_options: tuple[str, ...] = ()
    worker: str | None = None
    lease_seconds: float | None = None

    @property
    def subject(self) -> str:
        """What was judged: the address of a server, or the command of a worker."""
        return self.base_url if self.worker is None else self.worker

    @property
    def by_hand(self) -> bool:
        """Whether the user started the worker (`--attach`)."""
        return self.worker == BY_HAND

    @property
    def real_leases(self) -> bool:
        """Whether a worker was judged with the documented leases (`--real-leases`)."""
        return self.lease_seconds == REAL_LEASE

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object that `from_json` reads back to an equal value."""
        return asdict(self)

    @property
    def objects_removed(self) -> bool:
        """Whether the objects named in the requests are gone: the suite created them and removed all of them."""
        return self.arranged_by == "api" and not self.leftovers

    @property
    def parsed_waivers(self) -> Waivers:
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
                    "rerun_options": tuple(map(str, data.get("rerun_options", ()))),
                    "noticed": tuple(Text.from_json(text) for text in data.get("noticed", ())),
                    "phases": Phases.from_json(data["phases"]) if data.get("phases") is not None else None,
                }
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"a part is missing or malformed: {error!r}") from None
        try:
            assert about.parsed_waivers is not None
        except ConfigurationError as error:
            raise ValueError(f"the waivers cannot be read: {error}") from None
        if about.profile not in PROFILES:
            raise ValueError("profile is unknown")
        for field in fields(cls):
            kinds = _PLAIN.get(str(field.type))
            if kinds is not None and not isinstance(getattr(about, field.name), kinds):
                raise ValueError(f"{field.name} is of the wrong type")
        return about


_NOT_OVER: Final = Text("the repetitions had not finished", "各次重复尚未完成")


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """Metadata, plan and verdicts of a run; derived values are computed once.

    `baseline` is an earlier run to compare with. It changes neither the decision nor `report.json`.
    """

    metadata: RunMetadata
    plan: tuple[PlannedCheck, ...]
    verdicts: tuple[Verdict, ...]
    baseline: Baseline | None = None

    @cached_property
    def tally(self) -> Tally:
        """The counted verdicts."""
        return tally(load_catalogue().of_profile(self.metadata.profile), self.plan, self.verdicts)

    @cached_property
    def decision(self) -> Decision:
        """The run's verdict and exit code."""
        about = self.metadata
        return decide(
            self.tally,
            selected=about.selection is not None,
            strict=about.strict,
            polls=about.arranged_by == "api",
            by_hand=about.by_hand,
            waiver_problems=self.waiver_problems,
            unwritten=about.unwritten,
            cut=self.cut,
            silent=self.silent,
            states=about.states,
        )

    @cached_property
    def cut(self) -> Text | None:
        """Where and why the run was stopped before its end; None if it was not."""
        less = self.scenarios_missing_repetitions
        if less and self.metadata.repeat > 1:
            fewest = min(less.values(), key=lambda repetitions: repetitions.held)
            words = Text("stopped after {n} of {m} repetitions", "{m} 次重复只完成 {n} 次就停止了")
            words = words.format(n=fewest.held, m=fewest.wanted)
            why = self.metadata.interrupted
            return words if why is None else Text("{words} ({why})", "{words}（{why}）").format(words=words, why=why)
        if less or self.metadata.interrupted is not None:
            return self.metadata.interrupted or _NOT_OVER
        return None

    @cached_property
    def since(self) -> ChangesSince | None:
        """What changed since the baseline; None without one."""
        if self.baseline is None:
            return None
        results = self.tally.results
        now = {verdict.line: verdict.kind for verdict in self._found}
        return changes_since(self.baseline, [result.requirement.id for result in results], now)

    @property
    def silent(self) -> Text | None:
        """Since when the target no longer responded, in words; None if it responded to the end."""
        last = self.metadata.last_response_at
        if last is None:
            return None
        words = Text("the target stopped responding at {time} UTC", "目标于 {time}（UTC）停止响应")
        return words.format(time=last[11:19])

    @property
    def flaky(self) -> list[Verdict]:
        """The verdicts that differed between repetitions of their scenario, which is no race."""
        return [verdict for verdict in self._found if verdict.repetitions is not None and verdict.repetitions.flaky]

    @property
    def sometimes_failing_races(self) -> list[Verdict]:
        """The verdicts on races that differed between repetitions: chance decides how the requests overlap."""
        return [each for each in self._found if (of := each.repetitions) is not None and of.race and of.differ]

    @property
    def scenarios_missing_repetitions(self) -> dict[str, Repetitions]:
        """The scenarios that ran less often than requested, by name."""
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
        """Waivers that are expired or no longer match, each with its line in the file."""
        return self.metadata.parsed_waivers.waiver_problems(self.verdicts, whole=self.metadata.selection is None)
