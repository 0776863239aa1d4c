"""What a defective worker is: the reference worker with one fault, and what it fails."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.workers.reference import Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerDefect:
    """A way in which a worker violates the contract.

    `en` and `zh` say in one sentence what it does wrong. `fails` are all MUST requirements that it violates, and `warns`
    all SHOULD requirements, by id. Requirements that these block are not declared. `skips` are requirements that cannot
    be judged on it. `may_fail` are those where timing decides. `blocks` marks a worker that keeps scenarios from
    coming about, so that checks which need them are inconclusive.
    """

    id: str
    en: str
    zh: str
    worker: type[Worker]
    fails: frozenset[str] = frozenset()
    warns: frozenset[str] = frozenset()
    skips: frozenset[str] = frozenset()
    may_fail: frozenset[str] = frozenset()
    blocks: bool = False

    @property
    def area(self) -> str:
        """The part of the contract that it violates: the part of its id before the dot."""
        return self.id.partition(".")[0]


def defect(
    defect_id: str,
    en: str,
    zh: str,
    worker: type[Worker],
    *,
    fails: str = "",
    warns: str = "",
    skips: str = "",
    may_fail: str = "",
    blocks: bool = False,
) -> WorkerDefect:
    """Return a defect. Requirement ids are separated by spaces and written without `worker.`."""
    return WorkerDefect(
        id=defect_id,
        en=en,
        zh=zh,
        worker=worker,
        fails=_ids(fails),
        warns=_ids(warns),
        skips=_ids(skips),
        may_fail=_ids(may_fail),
        blocks=blocks,
    )


def _ids(names: str) -> frozenset[str]:
    return frozenset(f"worker.{name}" for name in names.split())
