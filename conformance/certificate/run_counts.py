"""Whether the stated numbers of requests and repetitions of a run agree with its transcripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.evidence import Evidence
from conformance.exchange import Transcript
from conformance.judging.repetition import REPETITIONS_FACT, count_requests
from conformance.text import Text

_LEAST: Final = 0.5
"""The share of the kept repetition's acks that every repetition sends at least: one may end before all of them."""

_MOST: Final = 10**12
"""More requests than any run sends."""

_SHOWN: Final = 20

_REQUESTS: Final = Text(
    "The run states {stated} requests, its transcripts {found}.",
    "该运行称有 {stated} 个请求，而其记录中有 {found} 个。",
)
_TOO_FEW: Final = Text(
    "{scenario} states {times} repetitions, but {requests} requests are too few for them.",
    "{scenario} 称重复了 {times} 次，但 {requests} 个请求不足以完成。",
)
_NO_NUMBERS: Final = Text(
    "{scenario} states a number of requests or repetitions that is not a number.",
    "{scenario} 所述的请求数或重复次数不是数字。",
)


def contradictions(evidence: Evidence) -> Iterator[Text]:
    """Yield where the stated numbers contradict the transcripts."""
    problems = [text for text in map(_repetitions, evidence.transcripts.values()) if text is not None]
    yield from problems
    if problems:
        return
    found = sum(map(count_requests, evidence.transcripts.values()))
    if evidence.metadata.requests != found:
        yield _REQUESTS.format(stated=str(evidence.metadata.requests)[:_SHOWN], found=found)


def _repetitions(transcript: Transcript) -> Text | None:
    """Return why a scenario cannot have run as often as it states."""
    fact = transcript.facts.get(REPETITIONS_FACT)
    times, requests = (fact.get(name) if isinstance(fact, dict) else 1 for name in ("held", "requests"))
    try:
        shown = transcript.requests
    except (TypeError, ValueError, OverflowError):
        shown = -1
    if type(times) is not int or type(requests) is not int or not 0 <= max(times, requests, shown) < _MOST or shown < 0:
        return _NO_NUMBERS.format(scenario=transcript.scenario)
    acks = sum(exchange.operation == "ack" for exchange in transcript.exchanges)
    if fact is not None and (requests < shown or requests < times * acks * _LEAST):
        return _TOO_FEW.format(scenario=transcript.scenario, times=times, requests=requests)
    return None
