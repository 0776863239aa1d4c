"""The schema files: what is in them, where they are found, and what is never fetched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing.exceptions import Unresolvable

from conformance.contract import schema_dialect, schema_files, schemas
from conformance.contract.schema_files import SchemaFilesMissing
from conformance.contract.schemas import STEMS
from conformance.text import LANGS, Lang
from tests.contract.documented_bodies import ITEM

ALL_STEMS = (*STEMS, "query_poll", "query_list", "query_heartbeat")
"""The schemas of bodies and those of query parameters, which no body is judged by."""


def places(node: object, pointer: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every subschema of a schema with its pointer."""
    if isinstance(node, dict):
        yield pointer, node
        for name, child in node.get("properties", {}).items():
            yield from places(child, f"{pointer}/properties/{name}")
        for keyword in ("additionalProperties", "items"):
            if keyword in node:
                yield from places(node[keyword], f"{pointer}/{keyword}")


def cited(sources: object) -> list[str]:
    """The file and line of every place in an `x-source`."""
    if isinstance(sources, list):
        return [place["at"] for place in sources]
    return [at for inner in sources.values() for at in cited(inner)] if isinstance(sources, dict) else []


def stripped(node: object) -> object:
    """The contract alone: without citations, titles and the id."""
    if isinstance(node, dict):
        words = {"title", "$id"}
        return {k: stripped(v) for k, v in node.items() if k != "x-source" and not (k in words and isinstance(v, str))}
    return [stripped(child) for child in node] if isinstance(node, list) else node


@pytest.mark.parametrize("stem", ALL_STEMS)
def test_both_languages_state_the_same_contract(stem: str) -> None:
    en, zh = schemas.load("en", stem), schemas.load("zh", stem)
    assert json.dumps(stripped(en)) == json.dumps(stripped(zh))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("stem", ALL_STEMS)
def test_each_schema_is_valid_and_cites_its_own_language_everywhere(stem: str, lang: Lang) -> None:
    schema = schemas.load(lang, stem)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:work-conformance:schema:{lang}:{stem.replace('_', '-')}"
    for pointer, place in places(schema):
        judging = set(place) & set(schemas._MESSAGES)
        assert set(place["x-source"]) == judging, pointer
        if "required" in place:
            assert list(place["x-source"]["required"]) == place["required"], pointer
        assert cited(place["x-source"]), pointer
        assert all(at.startswith(f"schemas/docs/{lang}/") for at in cited(place["x-source"])), pointer


def test_the_work_item_has_fourteen_rows_and_twelve_fields() -> None:
    schema = schemas.load("en", "work_item")
    rows = [pointer for pointer, _ in places(schema) if "/properties/" in pointer]
    assert list(schema["properties"]) == schema["required"] == list(ITEM)
    assert len([row for row in rows if "additionalProperties" not in row]) == 14


def test_every_keyword_of_the_schemas_has_its_sentence() -> None:
    structure = {"$schema", "$id", "title", "x-source", "properties", "additionalProperties", "items"}
    for lang in LANGS:
        for stem in STEMS:
            for _, place in places(schemas.load(lang, stem)):
                assert set(place) - structure <= set(schemas._MESSAGES)


def test_schemas_are_read_and_compiled_once() -> None:
    assert schemas.load("en", "work_item") is schemas.load("en", "work_item")
    assert schemas.validators("zh") is schemas.validators("zh")
    assert tuple(schemas.validators("zh")) == STEMS


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A package that is installed in an empty folder."""
    schema_files.schema_folder.cache_clear()
    schema_files.load_derived_file.cache_clear()
    monkeypatch.setattr(schema_files, "_PACKAGE", tmp_path / "site" / "conformance")
    yield tmp_path / "site"
    schema_files.schema_folder.cache_clear()
    schema_files.load_derived_file.cache_clear()


def test_missing_schemas_are_one_clear_error(elsewhere: Path) -> None:
    with pytest.raises(SchemaFilesMissing, match=r"neither in the installed package .* nor in a checkout"):
        schemas.load("en", "work_item")


def test_a_missing_file_is_one_clear_error(elsewhere: Path) -> None:
    (elsewhere / "schemas" / "en").mkdir(parents=True)
    with pytest.raises(SchemaFilesMissing, match=r"work_item\.schema\.json is missing: install the package again"):
        schemas.load("en", "work_item")


def test_the_installed_package_goes_before_the_checkout(elsewhere: Path) -> None:
    for folder in (elsewhere / "conformance" / "schemas", elsewhere / "schemas"):
        (folder / "en").mkdir(parents=True)
        (folder / "en" / "work_item.schema.json").write_text(json.dumps({"title": folder.parent.name}))
    assert schemas.load("en", "work_item")["title"] == "conformance"


def test_the_checkout_of_this_project_holds_exactly_the_schemas() -> None:
    folder = Path(schemas.__file__).resolve().parents[2] / "schemas"
    for lang in LANGS:
        assert {file.name for file in (folder / lang).iterdir()} == {f"{stem}.schema.json" for stem in ALL_STEMS}


def test_a_reference_to_another_document_is_never_fetched() -> None:
    validator = schema_dialect.build_validator({"$ref": "https://example.invalid/schema.json"})
    with pytest.raises(Unresolvable):
        list(validator.iter_errors({}))
