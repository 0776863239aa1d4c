"""Values at the borders of query parameters follow from the derived schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from conformance.contract import parameter_cases
from conformance.contract.parameter_cases import accepted_values, refused_values
from conformance.contract.schemas import load
from conformance.text import LANGS

CASES = [
    (
        "poll",
        "block_ms",
        {"least": "1", "most": "999"},
        {"below": "0", "above": "1000", "negative": "-1", "fraction": "1.5", "word": "ten"},
    ),
    ("poll", "reclaim_older_than_ms", {"least": "0"}, {"negative": "-1", "fraction": "1.5", "word": "ten"}),
    ("list", "limit", {"least": "1"}, {"below": "0", "negative": "-1", "fraction": "1.5", "word": "ten"}),
    (
        "heartbeat",
        "desired_ttl_seconds",
        {"least": "1"},
        {"below": "0", "negative": "-1", "fraction": "1.5", "word": "ten"},
    ),
]


@pytest.mark.parametrize(("operation", "parameter", "accepted", "refused"), CASES)
def test_the_values_at_and_beyond_the_documented_bounds(
    operation: str, parameter: str, accepted: Mapping[str, str], refused: Mapping[str, str]
) -> None:
    assert accepted_values(operation, parameter) == accepted
    assert refused_values(operation, parameter) == refused


def test_no_value_that_the_pages_cap_is_called_refused() -> None:
    """A `limit` above 100 and a lease outside of 10 to 600 seconds are capped, so they have no upper bound."""
    assert "above" not in refused_values("list", "limit")
    assert "above" not in refused_values("heartbeat", "desired_ttl_seconds")


def test_the_integer_parameters_of_both_languages_have_cases() -> None:
    for operation in ("poll", "list", "heartbeat"):
        for lang in LANGS:
            properties = load(lang, f"query_{operation}")["properties"]
            integers = {name for name, schema in properties.items() if schema["type"] == "integer"}
            assert integers == {parameter for page, parameter, *_ in CASES if page == operation}


def test_another_bound_in_the_schema_gives_other_values(monkeypatch: pytest.MonkeyPatch) -> None:
    def loaded(_: str) -> Any:
        return {"properties": {"size": {"type": "integer", "minimum": -5, "maximum": 7}}}

    monkeypatch.setattr(parameter_cases, "load_derived_file", loaded)
    assert accepted_values("poll", "size") == {"least": "-5", "most": "7"}
    assert refused_values("poll", "size") == {"below": "-6", "above": "8", "fraction": "1.5", "word": "ten"}


def test_a_parameter_that_the_page_does_not_have_is_an_error() -> None:
    with pytest.raises(KeyError):
        accepted_values("poll", "limit")
