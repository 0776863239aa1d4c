"""Every keyword of every derived schema names the lines that it came from, and every row is counted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.derive.coverage import coverage
from conformance.derive.docs import SHEETS
from conformance.derive.lexicon import LANGS, Lang
from tests.derive.schema_copies import COMMITTED, derived_from, edit, run

IDENTITY = {"$schema", "$id", "title"}
FILES = [(lang, file.name) for lang in LANGS for file in sorted((COMMITTED / lang).glob("*.schema.json"))]


def schema_of(lang: Lang, name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((COMMITTED / lang / name).read_text("utf-8"))
    return schema


def subschemas(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A schema and all below it."""
    yield schema
    for inner in schema.get("properties", {}).values():
        yield from subschemas(inner)
    for keyword in ("additionalProperties", "items"):
        if keyword in schema:
            yield from subschemas(schema[keyword])


def places(schema: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Every place that a schema cites."""
    for part in subschemas(schema):
        for sources in part["x-source"].values():
            for cited in sources.values() if isinstance(sources, dict) else [sources]:
                yield from cited


def line_at(at: str) -> str:
    name, _, number = at.rpartition(":")
    lines = (COMMITTED / "docs" / Path(name).relative_to(SHEETS)).read_text("utf-8").split("\n")
    return lines[int(number) - 1]


def test_each_language_has_a_schema_of_every_body_and_of_every_query() -> None:
    bodies = ("work_item", "polled_item", "work_list", "heartbeat", "stats")
    errors = (f"error_{status}" for status in (400, 401, 403, 404, 409, 412))
    queries = ("query_poll", "query_list", "query_heartbeat")
    expected = {f"{stem}.schema.json" for stem in (*bodies, *errors, *queries)}
    for lang in LANGS:
        assert {name for language, name in FILES if language == lang} == expected


@pytest.mark.parametrize(("lang", "name"), FILES)
def test_every_keyword_has_a_source(lang: Lang, name: str) -> None:
    for part in subschemas(schema_of(lang, name)):
        keywords = set(part) - IDENTITY - {"properties", "additionalProperties", "items", "x-source"}
        assert keywords == set(part["x-source"])
        assert set(part.get("required", ())) == set(part["x-source"].get("required", ()))
        for sources in part["x-source"].values():
            assert all(sources.values()) if isinstance(sources, dict) else sources


@pytest.mark.parametrize(("lang", "name"), FILES)
def test_every_source_is_a_line_of_a_sheet_that_holds_the_row(lang: Lang, name: str) -> None:
    cited = list(places(schema_of(lang, name)))
    assert cited
    for place in cited:
        assert place["at"].startswith(f"{SHEETS}/{lang}/")
        page, _, rest = place["ref"].partition("#")
        section, _, row = rest.partition("/")
        assert place["at"].rpartition("/")[2].startswith(f"{page}.md:")
        line = line_at(place["at"])
        if section == "errors":
            assert line.split("|")[1].strip() == row
        elif row and row != "shape":
            assert line.split("|")[1].strip() == f"`{row}`"
        elif row:
            assert line.startswith("| ")
        else:
            assert (
                line.startswith("#") or "RFC 3339" in line or (section == "introduction" and line.startswith("`GET "))
            )


@pytest.mark.parametrize("lang", LANGS)
def test_a_keyword_cites_the_row_that_says_it(lang: Lang) -> None:
    item = schema_of(lang, "work_item.schema.json")["properties"]
    for keyword, field in [("pattern", "id"), ("const", "type"), ("enum", "state"), ("format", "created_at")]:
        assert f"`{field}`" in line_at(item[field]["x-source"][keyword][0]["at"])
    assert item["state"]["enum"] == ["queued", "starting", "active", "stopping", "stopped"]
    assert "work_" in line_at(item["id"]["x-source"]["pattern"][0]["at"])
    errors = schema_of(lang, "error_409.schema.json")["properties"]["error"]["properties"]["type"]
    assert errors["const"] == "invalid_request_error"
    assert errors["const"] in line_at(errors["x-source"]["const"][0]["at"])


@pytest.mark.parametrize("lang", LANGS)
def test_the_committed_pages_and_divergences_cite_lines_that_exist(lang: Lang) -> None:
    cited = re.findall(
        rf"{SHEETS}/{lang}/[a-z-]+\.md:[0-9]+",
        (COMMITTED / "PAGES.json").read_text("utf-8") + (COMMITTED / "DIVERGENCES.json").read_text("utf-8"),
    )
    assert len(cited) > 100
    assert all(line_at(at).strip() for at in cited)


def test_the_numbers_of_the_coverage_add_up(schemas: Path) -> None:
    derivation = derived_from(schemas)
    counted = coverage(derivation)
    written = [
        line
        for pages in derivation.docs.pages.values()
        for page in pages.values()
        for section in page.sections.values()
        for line in section.rows
    ]
    assert counted.rows == len(written)
    assert counted.used + sum(len(entry.rows) for entry in counted.unused) == counted.rows
    assert 0 < counted.used < counted.rows


def test_a_row_is_counted_for_each_line_of_a_table(schemas: Path) -> None:
    delimiters = lines = 0
    for file in (schemas / "docs").glob("*/*.md"):
        text = file.read_text("utf-8")
        delimiters += len(re.findall(r"^\| -", text, re.MULTILINE))
        lines += len(re.findall(r"^\| ", text, re.MULTILINE))
    assert coverage(derived_from(schemas)).rows == lines - 2 * delimiters


def test_a_new_row_that_nothing_reads_is_listed_as_such(schemas: Path) -> None:
    before = coverage(derived_from(schemas))
    edit(schemas, "zh/authentication", "`Authorization`", None, "\n| 头部 | 必选 |\n| --- | --- |\n| `X-A` | 否 |")
    edit(schemas, "en/work-schemas", "| `stopped` ", None, "| `lost` | x |")
    after = coverage(derived_from(schemas))
    assert (after.rows, after.used) == (before.rows + 2, before.used + 1)
    [entry] = [entry for entry in after.unused if entry.page == "authentication"]
    assert (entry.lang, entry.rows) == ("zh", ("X-A",))


def test_a_table_outside_of_the_known_ones_is_listed_as_unread(schemas: Path) -> None:
    edit(schemas, "en/authentication", "The `Auth", None, "\n| State |\n| --- |\n| `on` |")
    [entry] = [entry for entry in coverage(derived_from(schemas)).unused if entry.page == "authentication"]
    assert entry.rows == ("on",)
    assert entry.en == "not used"


@pytest.mark.parametrize("lang", LANGS)
def test_check_prints_the_coverage_with_a_reason_for_each_row(lang: Lang, schemas: Path) -> None:
    counted = coverage(derived_from(schemas))
    shown = run("check", "--lang", lang).stdout
    numbers = [counted.used, counted.rows] if lang == "en" else [counted.rows, counted.used]
    assert re.findall(r"\d+", shown.splitlines()[0]) == [str(number) for number in numbers]
    for entry in counted.unused:
        if entry.lang == lang:
            reason = entry.zh if lang == "zh" else entry.en
            assert f"  {entry.page} § {entry.section}: {', '.join(entry.rows)} ({reason})" in shown.splitlines()


@pytest.mark.parametrize("lang", LANGS)
def test_prose_is_counted_and_listed_on_demand(lang: Lang, schemas: Path) -> None:
    counted = coverage(derived_from(schemas))
    plain = run("check", "--lang", lang).stdout
    listed = run("check", "--lang", lang, "--prose").stdout
    assert str(len(counted.prose)) in plain
    for at, text in counted.prose:
        assert f"  {at}  {text}" in listed.splitlines()
    assert not any(at in plain for at, _ in counted.prose)


def test_no_description_is_lost(schemas: Path) -> None:
    """What a cell or paragraph says is a fact or prose; here every one that holds more than its facts is listed."""
    listed = dict(coverage(derived_from(schemas)).prose)
    for lang, words in (("en", "is to be done"), ("zh", "要做的事")):
        [at] = [at for at, text in listed.items() if words in text]
        assert at.startswith(f"{SHEETS}/{lang}/work-schemas.md:")
    assert not any(text == "`Bearer $QODER_PAT`" for text in listed.values())
