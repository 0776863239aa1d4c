"""What an exploration met, on the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conformance.exchange import Transcript
from conformance.reporting.html.page import page
from conformance.stateful.to_history import ROWS
from tests.reporting.run_results import both, record_of, verdict

from .sample_runs import exchange, item, transcript

RECORD = record_of(verdict("race.explored", "ack.observe.exploration", "observed", observation=both("58 of 60 pairs")))


def explored(facts: Any) -> Mapping[str, Transcript]:
    said = transcript(exchange("0.get.a", "get", 200, item("queued")), scenario="race.explored")
    return {"race.explored": replace(said, facts={"explored": facts})}


def test_it_is_a_table_of_requests_and_states() -> None:
    made = page(RECORD, explored({"pairs": {"queued": {"poll": 17}, "active": {"stop": 3, "poll": True}}}))
    (table,) = re.findall(r'<table id="coverage">(.*?)</table>', made, re.DOTALL)
    found = re.findall(r'"row">(.*?)</th>(.*?)</tr>', table)
    assert all(label.zh in head and label.en in head for label, (head, _) in zip(ROWS.values(), found, strict=True))
    rows = {name: re.findall("<td>(.*?)</td>", cells) for name, (_, cells) in zip(ROWS, found, strict=True)}
    assert rows["poll"] == ["17", "–", "–", "–", "–"]
    assert rows["stop"] == ["–", "–", "3", "–", "–"]


def test_where_nothing_was_explored_or_nothing_can_be_read_there_is_none() -> None:
    nothings: tuple[Any, ...] = ({}, {"pairs": 3}, [], None)
    for nothing in nothings:
        assert 'id="coverage"' not in page(RECORD, explored(nothing))
    assert 'id="coverage"' not in page(RECORD, {})
