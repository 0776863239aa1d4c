"""Whether the stated begin and duration of a run agree with its id, its requests and the Date headers of responses.

A server's clock may be wrong, by a day at most; one that stands still says nothing. A Date that a cache may have kept is
not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from statistics import median
from typing import Final

from conformance.evidence import Evidence
from conformance.exchange import Exchange, Transcript
from conformance.judging.run_result import RunMetadata
from conformance.text import Text

LARGEST_OFFSET: Final = timedelta(days=1)
"""How wrong a server's clock may be."""

_STILL: Final = 5.0
"""Seconds after which a clock that shows the same second stands still."""

_SLACK: Final = 1.0
_SAFE: Final = frozenset({"GET", "HEAD"})
_LONGEST: Final = 1e8
"""Seconds that no run takes."""

_NO_TIME: Final = Text(
    "The stated start of the run, {at}, is not a valid time.", "所述的运行开始时间 {at} 不是有效的时间。"
)
_OTHER_ID: Final = Text(
    "The run states that it began at {at}, but its id {id} says otherwise.",
    "该运行称其开始于 {at}，但其 id {id} 与此不符。",
)
_OTHER_DATES: Final = Text(
    "The run states that it began at {at}, but responses of {scenario} are dated {date}. If the server's clock is wrong by"
    " more than a day, set it and run again.",
    "该运行称其开始于 {at}，但 {scenario} 的响应日期为 {date}。若服务器时钟的误差超过一天，请校准后重新运行。",
)
_ENDLESS: Final = Text("The stated duration of the run is not a valid duration.", "所述的运行时长不是有效的时长。")
_OUTSIDE: Final = Text(
    "{scenario} has a request outside the stated duration of the run ({seconds} s): {step}.",
    "{scenario} 中有请求在所述运行时长（{seconds} 秒）之外：{step}。",
)


def begin_of(about: RunMetadata) -> datetime | None:
    """Return when the run began; None if the stated begin cannot be read."""
    try:
        begin = datetime.strptime(about.started_at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return begin


def contradictions(evidence: Evidence) -> Iterator[Text]:
    """Yield where the stated begin and duration contradict the run's id and its transcripts."""
    about = evidence.metadata
    begin = begin_of(about)
    if begin is None:
        yield _NO_TIME.format(at=about.started_at[:40])
        return
    if about.run_id.partition("-")[0] != f"{begin:%Y%m%dT%H%M%S}":
        yield _OTHER_ID.format(at=about.started_at, id=about.run_id[:40])
    if not 0 <= about.duration < _LONGEST:
        yield _ENDLESS
        return
    stands_still = _stands_still(evidence)
    for name, transcript in evidence.transcripts.items():
        outside = next((each for each in transcript.exchanges if not _is_within(each, about.duration)), None)
        if outside is not None:
            yield _OUTSIDE.format(scenario=name, seconds=f"{about.duration:.1f}", step=outside.step)
        dated = [] if stands_still else _dated(transcript)
        offsets = [_offset(begin, exchange, date) for exchange, date in dated]
        if offsets and abs(median(offsets)) > LARGEST_OFFSET.total_seconds():
            yield _OTHER_DATES.format(at=about.started_at, scenario=name, date=f"{dated[0][1]:%Y-%m-%dT%H:%M:%SZ}")


def _is_within(exchange: Exchange, duration: float) -> bool:
    if not abs(exchange.completed) < _LONGEST:
        return False  # a number of many digits cannot be added to a float
    return -_SLACK <= exchange.invoked <= exchange.completed + _SLACK <= duration + 2 * _SLACK


def _offset(begin: datetime, exchange: Exchange, date: datetime) -> float:
    """Return by how many seconds the server's clock is ahead of the stated time of a request."""
    return (date - begin).total_seconds() - exchange.invoked


def _stands_still(evidence: Evidence) -> bool:
    """Return whether every response of the run has the same Date although time went by."""
    pairs = [pair for transcript in evidence.transcripts.values() for pair in _dated(transcript)]
    times = [exchange.invoked for exchange, _ in pairs]
    return bool(times) and max(times) - min(times) >= _STILL and len({date for _, date in pairs}) == 1


def _dated(transcript: Transcript) -> list[tuple[Exchange, datetime]]:
    """Return the responses whose Date is the time at which they were written: no cache answers a POST or DELETE."""
    found = []
    for exchange in transcript.exchanges:
        response = exchange.response
        if response is None or exchange.request.method in _SAFE:
            continue
        date = _date(response.header("date"))
        if date is not None and response.header("age") is None and abs(exchange.invoked) < _LONGEST:
            found.append((exchange, date))
    return found


def _date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text) if text is not None else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date.replace(tzinfo=UTC) if date is not None and date.tzinfo is None else date
