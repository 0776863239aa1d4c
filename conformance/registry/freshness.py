"""Whether the index of a registry is recent enough: an older copy lacks the revocations that came after it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from conformance.registry.files import moment_of
from conformance.registry.index import Index
from conformance.text import Text

_STALE: Final = Text(
    "The index was signed at {signed}, which is {days} days ago; {allowed} are allowed. An old copy hides revocations:"
    " use the authority's own address, or ask it to run `registry refresh`.",
    "索引签名于 {signed}，距今 {days} 天；至多允许 {allowed} 天。旧副本会隐藏撤销信息：请使用登记机构自己的地址，"
    "或请其执行 `registry refresh`。",
)


def stale_reason(index: Index, at: datetime, max_age_days: int | None) -> Text | None:
    """Return why an index is too old at a point in time; None if it is not, or if any age is allowed."""
    if max_age_days is None:
        return None
    age = at - moment_of(index.signed_at)
    if age <= timedelta(days=max_age_days):
        return None
    return _STALE.format(signed=index.signed_at, days=age.days, allowed=max_age_days)
