"""Whether the date of a registry's index can be relied on: an older copy lacks the revocations that came after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from conformance.registry.files import moment_of, stamp
from conformance.registry.index import Index
from conformance.text import Text

DEFAULT_MAX_AGE_DAYS: Final = 30
"""How old an index may be if nothing else is said; the policy that comes with the suite says the same."""

_CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""How far ahead of the verifier's clock the authority's may be."""

_STALE: Final = Text("the registry's index is too old", "登记册的索引过旧")
_STALE_REASON: Final = Text(
    "The index was signed at {signed}, which is {days} days ago; {allowed} are allowed. An old copy hides revocations:"
    " use the authority's own address, or ask it to run `registry refresh`.",
    "索引签名于 {signed}，距今 {days} 天；至多允许 {allowed} 天。旧副本会隐藏撤销信息：请使用登记机构自己的地址，"
    "或请其执行 `registry refresh`。",
)
_FUTURE: Final = Text("the registry's index is dated in the future", "登记册索引的签名时间在未来")
_FUTURE_REASON: Final = Text(
    "The index was signed at {signed}, which is in the future: it is now {now}. Such an index would not become too old in"
    " time. Check the clock of this machine. If it is right, ask the authority to correct its index.",
    "索引的签名时间 {signed} 在未来：现在是 {now}。这样的索引不会按期变旧。请检查本机时钟；若时钟无误，请登记机构更正其索引。",
)


@dataclass(frozen=True, slots=True)
class DateProblem:
    """Why the date of an index is not accepted: as a clause, and in sentences that say what to do."""

    clause: Text
    reason: Text


def date_problem(index: Index, at: datetime, max_age_days: int | None) -> DateProblem | None:
    """Return why the date of an index is not accepted at a point in time; None if it is. Without a limit, 30 days apply.

    The point in time may lie in the past. So an index is dated in the future only if this machine's clock says so too.
    """
    signed, now = moment_of(index.signed_at), max(at, datetime.now(UTC))
    if signed - now > _CLOCKS_DIFFER:
        return DateProblem(_FUTURE, _FUTURE_REASON.format(signed=index.signed_at, now=stamp(now)))
    allowed = DEFAULT_MAX_AGE_DAYS if max_age_days is None else max_age_days
    age = at - signed
    if age > timedelta(days=allowed):
        reason = _STALE_REASON.format(signed=index.signed_at, days=age.days, allowed=allowed)
        return DateProblem(_STALE, reason)
    return None
