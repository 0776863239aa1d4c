"""A run's results in the order in which every format shows them: by chapter of the contract."""

from __future__ import annotations

from itertools import groupby

from conformance.contract.catalogue import Chapter, load_catalogue
from conformance.judging.aggregate import RequirementResult
from conformance.judging.run_result import RunResult


def by_chapter(record: RunResult) -> list[tuple[Chapter, tuple[RequirementResult, ...]]]:
    """Every chapter of which something was planned, with its results in the catalogue's order."""
    catalogue = load_catalogue()
    return [
        (catalogue.chapter(chapter), tuple(results))
        for chapter, results in groupby(record.tally.results, key=lambda result: result.requirement.chapter)
    ]
