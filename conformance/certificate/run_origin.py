"""Whether all transcripts come from the one run that they name: seeds, names, ids, and the mark of its binding.

Names and identities are compared with how this version makes them. A release that makes them in another way has to keep
this way for runs of the versions before it, or their certificates no longer hold.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from typing import Any, Final

from conformance.arrange.resource_names import NAME_PREFIX, run_of_name
from conformance.binding import is_binding_header
from conformance.chapters.registry import every_scenario
from conformance.evidence import Evidence
from conformance.exchange import Transcript
from conformance.judging.repetition import REPETITIONS_FACT
from conformance.text import Text

_DRAWS: Final = 12
"""The first worker identity of a scenario is among its first random choices."""

_FEWEST_MARKED: Final = 0.25
"""The share of the transcripts that carry the mark at least: half of a run's scenarios show that they are the suite's."""

_SEED: Final = Text(
    "{scenario} has the seed {found}, the run has {wanted}.", "{scenario} 的种子为 {found}，而该运行为 {wanted}。"
)
_BOUND_SEED: Final = Text(
    "The seed does not follow from the challenge and the product: the run was not made for them.",
    "种子与 challenge 及产品不符：该运行不是为它们进行的。",
)
_WORKER: Final = Text(
    "The worker identities of {scenario} do not follow from the run's seed: it is from another run.",
    "{scenario} 的 worker 标识与该运行的种子不符：它来自另一次运行。",
)
_NAME: Final = Text(
    "{scenario} created a session of another run or scenario ({name}).",
    "{scenario} 创建了属于其他运行或场景的会话（{name}）。",
)
_SHARED: Final = Text(
    "{scenario} and {other} have the same {what}, {id}: one of them is a copy.",
    "{scenario} 与 {other} 的 {what} 相同（{id}）：其中之一是副本。",
)
_MARK: Final = Text(
    "Requests of {scenario} carry the mark of another binding, or of none.",
    "{scenario} 的请求带有其他绑定的标记，或没有标记。",
)
_UNMARKED: Final = Text(
    "The run is bound, but only {n} of {all} transcripts carry the mark of its binding.",
    "该运行有绑定，但 {all} 份传输记录中只有 {n} 份带有其标记。",
)


def contradictions(evidence: Evidence) -> Iterator[Text]:
    """Yield the transcripts that come from another run, and those that are copies."""
    about = evidence.metadata
    if evidence.binding is not None and evidence.binding.seed(about.run_id) != about.seed:
        yield _BOUND_SEED
    owners: dict[tuple[str, str], str] = {}
    for name, transcript in evidence.transcripts.items():
        if transcript.seed != about.seed:
            yield _SEED.format(scenario=name, found=transcript.seed, wanted=about.seed)
        elif not _follows(transcript, about.worker_header):
            yield _WORKER.format(scenario=name)
        yield from _names(transcript, about.run_id)
        for kind, value in sorted(_own_ids(transcript, about.arranged_by)):
            other = owners.setdefault((kind, value), name)
            if other != name:
                yield _SHARED.format(scenario=name, other=other, what=kind, id=value[:80])


def unbound_requests(evidence: Evidence) -> Iterator[Text]:
    """Yield the transcripts whose requests do not carry the mark of the run's binding as they should."""
    wanted = evidence.binding.mark if evidence.binding is not None else None
    marked = full = 0
    for name, transcript in evidence.transcripts.items():
        marks: set[str | None] = set()
        for exchange in transcript.exchanges:
            headers = {key.lower(): value for key, value in exchange.request.headers}
            mark = next((value for key, value in headers.items() if is_binding_header(key)), None)
            if mark is not None or "user-agent" not in headers:
                marks.add(mark)
        full += bool(transcript.exchanges)
        marked += wanted in marks
        if marks - {wanted}:
            yield _MARK.format(scenario=name)
    if wanted is not None and marked < _FEWEST_MARKED * full:
        yield _UNMARKED.format(n=marked, all=full)


def _follows(transcript: Transcript, worker_header: str) -> bool:
    """Return whether the identities with which a scenario polled follow from its seed.

    Prepared items have workers that others chose, and random operations draw from seeds of their own.
    """
    scenario = every_scenario().get(transcript.scenario)
    if scenario is None or scenario.on_request or transcript.facts.get("arranged_by") != "api":
        return True
    used = [
        value
        for exchange in transcript.exchanges
        for name, value in exchange.request.headers
        if name.lower() == worker_header.lower() and exchange.operation == "poll"
    ]
    return not used or any(value.startswith(draw) for draw in _draws(transcript) for value in used)


def _draws(transcript: Transcript) -> Iterator[str]:
    """Yield the first identities that the scenario may have drawn, in both of their forms."""
    kept = transcript.facts.get(REPETITIONS_FACT, {})
    number = kept.get("kept", 1) if isinstance(kept, dict) else 1
    again = f"-r{number}" if number != 1 else ""
    for neutral in (False, True):
        rng = random.Random(f"{transcript.seed}:{transcript.scenario}{again}:{transcript.attempt}")  # noqa: S311
        for _ in range(_DRAWS):
            yield (
                str(uuid.UUID(int=rng.getrandbits(128), version=4))
                if neutral
                else f"conformance-{rng.getrandbits(48):012x}"
            )


def _names(transcript: Transcript, run_id: str) -> Iterator[Text]:
    """Yield the sessions that a scenario created under the name of another run or scenario."""
    for exchange in transcript.exchanges:
        if exchange.operation != "create_session":
            continue
        title = _object(exchange.request.body).get("title")
        if not isinstance(title, str) or not _is_own_name(title, run_id, transcript.scenario):
            yield _NAME.format(scenario=transcript.scenario, name=str(title)[:80])
            return


def _is_own_name(title: str, run_id: str, scenario: str) -> bool:
    """Return whether a session's name is of this run, and of this scenario if it names one."""
    if run_of_name(title) != run_id:
        return False
    return not title.startswith(NAME_PREFIX) or title.startswith(f"{NAME_PREFIX}{run_id}-{scenario}-")


def _own_ids(transcript: Transcript, mode: str) -> set[tuple[str, str]]:
    """Return the ids that belong to this scenario alone, with what each of them names."""
    if mode != "api" or transcript.ending.kind != "complete":
        return set()
    found = set()
    for exchange in transcript.exchanges:
        if exchange.operation == "create_session" and exchange.outcome == "ok" and exchange.response is not None:
            session = _object(exchange.response.body.text).get("id")
            found |= {("session", session)} if isinstance(session, str) else set()
    work_id = transcript.facts.get("work_id")
    return found | ({("work item", work_id)} if isinstance(work_id, str) else set())


def _object(text: str | None) -> dict[str, Any]:
    try:
        value = json.loads(text or "")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
