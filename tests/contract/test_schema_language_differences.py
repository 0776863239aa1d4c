"""Two languages, two witnesses: they agree today, and where they did not, every report would say so once."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from conformance.contract import schema_language_differences, schemas
from conformance.contract.schema_language_differences import SchemaDifference, differences, schema_differences
from conformance.contract.schemas import STEMS, load
from conformance.reporting import report_json
from conformance.reporting.terminal import lines
from conformance.text import LANGS, Text
from tests.reporting.run_results import mixed


def test_the_two_languages_state_the_same_contract() -> None:
    assert schema_differences() == ()


@pytest.mark.parametrize("stem", STEMS)
def test_a_schema_does_not_differ_from_itself(stem: str) -> None:
    assert differences(stem, load("en", stem), load("en", stem)) == []


def changed(pointer: str, value: object) -> dict[str, Any]:
    schema: dict[str, Any] = copy.deepcopy(dict(load("zh", "work_item")))
    *path, last = pointer.strip("/").split("/")
    here = schema
    for step in path:
        here = here[step]
    if value is None:
        del here[last]
    else:
        here[last] = value
    return schema


@pytest.mark.parametrize(
    ("pointer", "value", "en", "zh"),
    [
        ("/properties/id/pattern", "^wrk_", '"^work_"', '"^wrk_"'),
        ("/properties/stopped_at/type", "string", '["string", "null"]', '"string"'),
        ("/properties/state/enum", ["queued"], '["queued", "starting", "active", "stopping", "stopped"]', '["queued"]'),
        ("/properties/created_at/format", None, '"date-time"', "—"),
        ("/properties/title", {"type": "string"}, "—", '{"type": "string"}'),
    ],
)
def test_one_keyword_that_differs_is_one_difference(pointer: str, value: object, en: str, zh: str) -> None:
    assert differences("work_item", load("en", "work_item"), changed(pointer, value)) == [
        SchemaDifference("work_item", pointer, Text(en, zh))
    ]


def test_places_and_titles_are_no_difference() -> None:
    zh = changed("/title", "Anders")
    zh["properties"]["id"]["x-source"] = {}
    assert differences("work_item", load("en", "work_item"), zh) == []


@pytest.fixture
def disagreeing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The Chinese pages promise another prefix."""

    def loaded(lang: str, stem: str) -> Any:
        other = lang == "zh" and stem == "work_item"
        return changed("/properties/id/pattern", "^wrk_") if other else load("en", stem)

    monkeypatch.setattr(schema_language_differences, "load", loaded)
    schema_differences.cache_clear()
    yield
    schema_differences.cache_clear()


@pytest.mark.usefixtures("disagreeing")
def test_a_report_says_once_where_the_languages_differ() -> None:
    document = report_json.report(mixed())
    [entry] = document["schema_differences"]
    assert (entry["pointer"], entry["says"]) == ("/properties/id/pattern", {"en": '"^work_"', "zh": '"^wrk_"'})
    assert json.dumps(document, ensure_ascii=False).count("^wrk_") == 3  # its value, and its sentence in two languages
    for lang in LANGS:
        text = "\n".join(lines(mixed(), lang, report_path=""))
        assert text.count('"^wrk_"') == 1


def test_each_language_is_judged_on_its_own() -> None:
    assert schemas.validators("en")["work_item"] is not schemas.validators("zh")["work_item"]
