"""Groups a run's results by chapter, the order that every format uses."""

from __future__ import annotations

from itertools import groupby

from conformance.contract.catalogue import Chapter, load_catalogue
from conformance.judging.aggregate import RequirementResult
from conformance.judging.run_result import RunResult


def by_chapter(record: RunResult) -> list[tuple[Chapter, tuple[RequirementResult, ...]]]:
    """Return every chapter with planned requirements, with its results in the order of the requirement set."""
    catalogue = load_catalogue()
    return [
        (catalogue.chapter(chapter), tuple(results))
        for chapter, results in groupby(record.tally.results, key=lambda result: result.requirement.chapter)
    ]
