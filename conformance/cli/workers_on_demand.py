"""The suite's own workers, imported only when a command shows them: they load an HTTP client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.workers.defects import WorkerDefect
    from conformance.workers.variants import WorkerVariant


def worker_defects() -> Mapping[str, WorkerDefect]:
    """Return the defective workers by id."""
    from conformance.workers.defects import WORKER_DEFECTS

    return WORKER_DEFECTS


def worker_variants() -> Mapping[str, WorkerVariant]:
    """Return the unusual workers by id."""
    from conformance.workers.variants import WORKER_VARIANTS

    return WORKER_VARIANTS
