"""`schemas derive`: the same bytes each time, and nothing left of what the pages no longer say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.derive.docs import known_pages
from conformance.derive.lexicon import LANGS, Lang
from tests.derive.schema_copies import COMMITTED, derived_from, edit, run, sheet, text_of


def files_in(folder: Path) -> dict[str, bytes]:
    """Every derived file below a folder."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*.json"))}


@pytest.mark.parametrize("lang", LANGS)
def test_an_empty_folder_gets_the_committed_files(lang: Lang, tmp_path: Path) -> None:
    result = run("derive", "--out", tmp_path / "new" / "folder", "--lang", lang)
    assert result.exit_code == 0, result.output
    assert files_in(tmp_path / "new" / "folder") == files_in(COMMITTED)


def test_deriving_twice_writes_the_same_bytes(schemas: Path) -> None:
    edit(schemas, "en/ack", "| 409", "`invalid_request_error`", "`conflict_error`")
    assert derived_from(schemas).files == derived_from(schemas).files
    before = files_in(schemas)
    run("derive", "--out", schemas)
    run("derive", "--out", schemas)
    assert files_in(schemas) == before == files_in(COMMITTED)


@pytest.mark.parametrize("seed", ["1", "4711"])
def test_another_process_with_another_order_of_hashes_writes_the_same_bytes(seed: str, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "conformance", "schemas", "derive", "--out", str(tmp_path)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        check=True,
        capture_output=True,
        timeout=60,
    )
    assert files_in(tmp_path) == files_in(COMMITTED)


def test_a_schema_that_no_page_gives_any_more_is_removed(tmp_path: Path) -> None:
    for lang in LANGS:
        (tmp_path / lang).mkdir()
        (tmp_path / lang / "error_418.schema.json").write_text("{}", "utf-8")
        (tmp_path / lang / "notes.json").write_text("{}", "utf-8")
    (tmp_path / "other.schema.json").write_text("{}", "utf-8")
    assert run("derive", "--out", tmp_path).exit_code == 0
    kept = {"en/notes.json", "zh/notes.json", "other.schema.json"}
    assert set(files_in(tmp_path)) == set(files_in(COMMITTED)) | kept


def test_without_a_folder_the_checkout_is_written(schemas: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(schemas.parent)
    (schemas / "zh" / "work_item.schema.json").write_text("{}", "utf-8")
    result = run("derive", "--lang", "en")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0].endswith("files written to schemas.")
    assert files_in(schemas) == files_in(COMMITTED)


@pytest.mark.parametrize("lang", LANGS)
def test_outside_of_a_checkout_a_folder_must_be_named(
    lang: Lang, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORK_CONFORMANCE_LANG", lang)
    result = run("derive", "--lang", lang)
    assert result.exit_code == 2
    assert "--out" in result.stderr
    assert ("请用" in result.stderr) == (lang == "zh")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lang", LANGS)
def test_a_folder_that_cannot_be_written_is_told(lang: Lang, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORK_CONFORMANCE_LANG", lang)
    (tmp_path / "en").write_text("a file where a folder must be", "utf-8")
    result = run("derive", "--out", tmp_path, "--lang", lang)
    assert result.exit_code == 2
    assert str(tmp_path / "en") in result.stderr
    assert ("无法写入" in result.stderr) == (lang == "zh")


@pytest.mark.parametrize("lang", LANGS)
def test_what_is_derived_from_pages_elsewhere_says_so(lang: Lang, tmp_path: Path) -> None:
    page = tmp_path / "docs" / lang / "ack.md"
    page.parent.mkdir(parents=True)
    page.write_text(text_of(f"{lang}/ack").replace("`permission_error`", "`authentication_error`"), "utf-8")
    result = run("derive", "--docs", tmp_path / "docs", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    schema = json.loads((tmp_path / "out" / lang / "error_403.schema.json").read_text("utf-8"))
    error_type = schema["properties"]["error"]["properties"]["type"]
    assert error_type["const"] == "authentication_error"
    assert error_type["x-source"]["const"] == [{"ref": "ack#errors/403", "at": f"{page}:67"}]
    sources = json.loads((tmp_path / "out" / "SOURCE.json").read_text("utf-8"))
    assert sources["ack"][lang]["read"] == str(page)
    assert [name for name, source in sources.items() if "read" in source[lang]] == ["ack"]


def test_each_language_is_derived_from_its_own_pages_alone(schemas: Path) -> None:
    for page in known_pages():
        file = sheet(schemas, f"en/{page}")
        file.write_text(file.read_text("utf-8").replace("work_", "x_").replace("string", "integer"), "utf-8")
    derivation = derived_from(schemas)
    for stem in derivation.schemas["zh"].files:
        name = f"zh/{stem}.schema.json"
        assert derivation.files[name] == (COMMITTED / name).read_text("utf-8")
    assert derivation.files["en/work_item.schema.json"] != (COMMITTED / "en/work_item.schema.json").read_text("utf-8")


def test_the_source_file_pins_every_sheet(schemas: Path) -> None:
    before = json.loads((COMMITTED / "SOURCE.json").read_text("utf-8"))
    edit(schemas, "zh/poll", "交出", "一个", "某个")
    after = json.loads(derived_from(schemas).files["SOURCE.json"])
    changed = [(page, lang) for page in before for lang in before[page] if before[page][lang] != after[page][lang]]
    assert changed == [("poll", "zh")]
    assert before["poll"]["zh"]["sheet_sha256"] != after["poll"]["zh"]["sheet_sha256"]


def test_the_source_file_names_address_language_edition_and_date() -> None:
    sources: dict[str, dict[str, Any]] = json.loads((COMMITTED / "SOURCE.json").read_text("utf-8"))
    assert set(sources) == set(known_pages())
    for page, by_language in sources.items():
        assert set(by_language) == set(LANGS)
        for lang, source in by_language.items():
            assert source["language"] == lang
            assert source["url"].startswith("https://docs.qoder.com/")
            assert ("/zh/" in source["url"]) == (lang == "zh")
            assert (COMMITTED.parent / source["sheet"]).is_file()
            assert (source["published_sha256"] is None) == (page != "ack")
    assert sources["errors"]["en"]["edition"] == "newer"
    assert sources["errors-older"]["zh"]["edition"] == "older"


# Required -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["ack", "poll", "get"])
@pytest.mark.parametrize("lang", LANGS)
def test_a_field_that_one_example_lacks_is_not_required(lang: Lang, page: str, schemas: Path) -> None:
    edit(schemas, f"{lang}/{page}", '  "stop_requested_at"', "", None)
    derivation = derived_from(schemas)
    item = derivation.schemas[lang].files["work_item"]
    assert "stop_requested_at" in item["properties"]
    assert "stop_requested_at" not in item["required"]
    assert "stop_requested_at" not in item["x-source"]["required"]
    assert set(item["required"]) == set(item["properties"]) - {"stop_requested_at"}
    other = derivation.schemas["zh" if lang == "en" else "en"].files["work_item"]
    assert "stop_requested_at" in other["required"]
    [entry] = [entry for entry in derivation.divergences if entry.row == "stop_requested_at"]
    assert (entry.kind, entry.aspect, entry.id) == ("example", "field", None)
    assert [side.value for side in entry.sides] == ["there", None]


@pytest.mark.parametrize("lang", LANGS)
def test_a_field_inside_that_one_example_lacks_is_not_required(lang: Lang, schemas: Path) -> None:
    edit(schemas, f"{lang}/get", '    "type": "session"', "", None)
    data = derived_from(schemas).schemas[lang].files["work_item"]["properties"]["data"]
    assert data["required"] == ["id"]


@pytest.mark.parametrize("lang", LANGS)
def test_a_field_marked_as_optional_is_not_required_and_may_be_null(lang: Lang, schemas: Path) -> None:
    error = derived_from(schemas).schemas[lang].files["error_404"]["properties"]["error"]
    assert error["required"] == ["type", "message"]
    assert error["properties"]["param"]["type"] == ["string", "null"]
    assert error["properties"]["message"]["type"] == "string"


@pytest.mark.parametrize("lang", LANGS)
def test_fields_that_no_page_names_stay_allowed(lang: Lang, schemas: Path) -> None:
    for schema in derived_from(schemas).schemas[lang].files.values():
        assert "additionalProperties" not in schema
        assert "unevaluatedProperties" not in schema
