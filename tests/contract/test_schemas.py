"""The documented schemas, in both languages, against bodies right, wrong and hostile."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing.exceptions import Unresolvable

from conformance.contract import derived, dialect, schemas
from conformance.contract.derived import SchemaFilesMissing
from conformance.contract.schemas import ERROR_STATUSES, STEMS, Violation, violations
from conformance.text import LANGS, Lang

ITEM: dict[str, Any] = {
    "id": "work_019f3be4fd2475d9a784bf2c739e1194",
    "type": "work",
    "environment_id": "env_019e64e01a137caf953ac2ac7b42ec5c",
    "data": {"type": "session", "id": "sess_019f3be3fa66750bb9a1fbcde85b5fe1"},
    "state": "starting",
    "created_at": "2026-07-01T08:15:01Z",
    "acknowledged_at": "2026-07-01T08:15:04Z",
    "started_at": None,
    "latest_heartbeat_at": None,
    "stop_requested_at": None,
    "stopped_at": None,
    "metadata": {},
}
TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    409: "invalid_request_error",
}
GONE = object()


def envelope(status: int) -> dict[str, Any]:
    return {
        "type": "error",
        "request_id": "cb80235f-76a2-4ff3-9e28-5aa2da12dc14",
        "error": {"type": TYPES[status], "message": "Refused."},
    }


def changed(body: dict[str, Any], pointer: str, value: object) -> object:
    """A copy of `body` with `value` at `pointer`; `GONE` takes the field away, "" is the whole body."""
    if not pointer:
        return value
    result = copy.deepcopy(body)
    *path, last = pointer.removeprefix("/").split("/")
    here = result
    for step in path:
        here = here[step]
    if value is GONE:
        del here[last]
    else:
        here[last] = value
    return result


WRONG_ITEMS = [
    *((f"/{field}", GONE, "required") for field in ITEM),
    ("/data/type", GONE, "required"),
    ("/data/id", GONE, "required"),
    ("", None, "type"),
    ("", [ITEM], "type"),
    ("", "work_1", "type"),
    ("/id", None, "type"),
    ("/id", 7, "type"),
    ("/id", "", "pattern"),
    ("/id", "Work_019f", "pattern"),
    ("/id", " work_019f", "pattern"),
    ("/id", "sess_work_019f", "pattern"),
    ("/type", None, "type"),
    ("/type", True, "type"),
    ("/type", "session", "const"),
    ("/type", "Work", "const"),
    ("/environment_id", None, "type"),
    ("/environment_id", "environment_1", "pattern"),
    ("/data", None, "type"),
    ("/data", [], "type"),
    ("/data", "sess_1", "type"),
    ("/data/type", "healthcheck", "const"),
    ("/data/id", "session_1", "pattern"),
    ("/data/id", None, "type"),
    ("/state", None, "type"),
    ("/state", "acknowledged", "enum"),
    ("/state", "Starting", "enum"),
    ("/state", ["starting"], "type"),
    ("/created_at", None, "type"),
    ("/created_at", 1782893701, "type"),
    ("/created_at", "", "format"),
    ("/created_at", "2026-02-30T00:00:00Z", "format"),
    ("/created_at", "2026-07-01T08:15:01", "format"),
    ("/acknowledged_at", "2026-07-01T08:15:04Z\n", "format"),
    ("/acknowledged_at", "2026-07-01T10:15:04+02:00", "pattern"),
    ("/acknowledged_at", False, "type"),
    ("/started_at", "null", "format"),
    ("/started_at", {}, "type"),
    ("/latest_heartbeat_at", "NO_HEARTBEAT", "format"),
    ("/stop_requested_at", 0, "type"),
    ("/stopped_at", "2026-07-01T08:15:04.0123456789Z", "format"),
    ("/metadata", None, "type"),
    ("/metadata", [], "type"),
    ("/metadata/n", 1, "type"),
    ("/metadata/n", None, "type"),
    ("/metadata/n", {"deep": "er"}, "type"),
]

ODD_ITEMS = [
    ("/id", "work_"),
    ("/id", "work_not-hex-at-all"),
    ("/environment_id", "env_1"),
    ("/data/id", "sess_1"),
    ("/data/title", "a field the pages do not name"),
    ("/secret", None),
    ("/extra", [{"any": ["thing", 1e300]}]),
    ("/state", "queued"),
    ("/state", "stopped"),
    ("/created_at", "2026-07-01t08:15:01z"),
    ("/created_at", "2016-12-31T23:59:60Z"),
    ("/acknowledged_at", None),
    ("/acknowledged_at", "2026-07-01T08:15:04-00:00"),
    ("/latest_heartbeat_at", "2026-07-01T08:15:06.120394+00:00"),
    ("/stopped_at", "0001-01-01T00:00:00Z"),
    ("/metadata", {"": "", "名": "值", "a/b~c": "x" * 2000, **{str(n): "v" for n in range(40)}}),
]

WRONG_ERRORS = [
    ("", {}, "required"),
    ("", "Not Found", "type"),
    ("", None, "type"),
    ("/type", GONE, "required"),
    ("/type", "failure", "const"),
    ("/request_id", GONE, "required"),
    ("/request_id", None, "type"),
    ("/request_id", 12, "type"),
    ("/error", GONE, "required"),
    ("/error", "not_found_error", "type"),
    ("/error", None, "type"),
    ("/error/type", GONE, "required"),
    ("/error/type", "api_error", "const"),
    ("/error/type", None, "type"),
    ("/error/message", GONE, "required"),
    ("/error/message", None, "type"),
    ("/error/message", ["a"], "type"),
    ("/error/param", 3, "type"),
    ("/error/param", ["name"], "type"),
]

ODD_ERRORS = [
    ("/error/param", "name"),
    ("/error/param", None),
    ("/error/code", 17),
    ("/error/message", ""),  # that it is not empty is another check's
    ("/request_id", ""),
    ("/status", 404),
]


def places(node: object, pointer: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every subschema of a schema with its pointer."""
    if isinstance(node, dict):
        yield pointer, node
        for name, child in node.get("properties", {}).items():
            yield from places(child, f"{pointer}/properties/{name}")
        if "additionalProperties" in node:
            yield from places(node["additionalProperties"], f"{pointer}/additionalProperties")


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


def one(found: list[Violation]) -> Violation:
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize("stem", STEMS)
def test_both_languages_state_the_same_contract(stem: str) -> None:
    en, zh = schemas.load("en", stem), schemas.load("zh", stem)
    assert json.dumps(stripped(en)) == json.dumps(stripped(zh))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("stem", STEMS)
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
    structure = {"$schema", "$id", "title", "x-source", "properties", "additionalProperties"}
    for lang in LANGS:
        for stem in STEMS:
            for _, place in places(schemas.load(lang, stem)):
                assert set(place) - structure <= set(schemas._MESSAGES)


@pytest.mark.parametrize("lang", LANGS)
def test_the_documented_examples_are_valid(lang: Lang) -> None:
    assert violations("work_item", lang, ITEM, status=200) == []
    for status in ERROR_STATUSES:
        assert violations("error", lang, envelope(status), status=status) == []


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("pointer", "value", "keyword"), WRONG_ITEMS)
def test_one_fault_in_a_work_item_is_one_violation(pointer: str, value: object, keyword: str, lang: Lang) -> None:
    found = one(violations("work_item", lang, changed(ITEM, pointer, value), status=None))
    assert (found.pointer, found.keyword) == (pointer, keyword)
    for text in (found.message, found.expected, found.actual):
        assert text.en
        assert text.zh
        assert len(text.en) < 400
    assert (pointer or "the body") in found.message.en


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("pointer", "value"), ODD_ITEMS)
def test_odd_but_legal_work_items_are_valid(pointer: str, value: object, lang: Lang) -> None:
    assert violations("work_item", lang, changed(ITEM, pointer, value), status=None) == []


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("pointer", "value", "keyword"), WRONG_ERRORS)
def test_a_fault_in_an_error_is_found_at_its_place(pointer: str, value: object, keyword: str, lang: Lang) -> None:
    for status in ERROR_STATUSES:
        found = violations("error", lang, changed(envelope(status), pointer, value), status=status)
        if value == {}:
            assert [v.pointer for v in found] == ["/error", "/request_id", "/type"]
        else:
            assert [(v.pointer, v.keyword) for v in found] == [(pointer, keyword)]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("pointer", "value"), ODD_ERRORS)
def test_odd_but_legal_errors_are_valid(pointer: str, value: object, lang: Lang) -> None:
    assert violations("error", lang, changed(envelope(404), pointer, value), status=404) == []


@pytest.mark.parametrize("lang", LANGS)
def test_a_conflict_has_the_type_of_the_ack_page(lang: Lang) -> None:
    body = changed(envelope(409), "/error/type", "conflict_error")
    found = one(violations("error", lang, body, status=409))
    assert found.expected.en == '"invalid_request_error"'
    row, sheet = {"en": ("Errors, row `409`", "en/ack.md:"), "zh": ("错误码，`409` 行", "zh/ack.md:")}[lang]
    assert row in found.source
    assert f"schemas/docs/{sheet}" in found.source


@pytest.mark.parametrize("status", [None, 200, 402, 500])
def test_an_undocumented_status_has_no_error_schema(status: int | None) -> None:
    with pytest.raises(ValueError, match="documents no error"):
        violations("error", "en", envelope(404), status=status)


@pytest.mark.parametrize(
    ("pointer", "value", "en", "zh", "source"),
    [
        ("/state", GONE, "/state is missing.", "/state：缺少该字段。", "row `state`"),
        (
            "/started_at",
            5,
            "/started_at has the wrong JSON type: a string or null is documented, and it is 5.",
            "/started_at：JSON 类型不对。文档规定：字符串或 null；实际：5。",
            "row `started_at`",
        ),
        (
            "/type",
            "job",
            '/type has one documented value, "work", and it is "job".',
            '/type：文档规定的取值只有 "work"；实际："job"。',
            "row `type`",
        ),
        (
            "/id",
            "wrk",
            '/id must be a string that starts with work_. It is "wrk".',
            '/id：应为以 work_ 开头的字符串；实际："wrk"。',
            "row `id`",
        ),
        (
            "/created_at",
            "today",
            '/created_at is not a timestamp: not RFC 3339. It is "today".',
            '/created_at：不是时间戳（不符合 RFC 3339）；实际："today"。',
            "row `created_at`",
        ),
        (
            "/metadata",
            {"k": []},
            "/metadata/k has the wrong JSON type: a string is documented, and it is an array (elements: 0).",
            "/metadata/k：JSON 类型不对。文档规定：字符串；实际：数组（元素数：0）。",
            "Metadata object, row `shape`",
        ),
    ],
)
def test_the_sentences(pointer: str, value: object, en: str, zh: str, source: str) -> None:
    found = one(violations("work_item", "en", changed(ITEM, pointer, value), status=None))
    assert (found.message.en, found.message.zh) == (en, zh)
    assert source in found.source


def test_states_are_listed_in_the_language_of_the_reader() -> None:
    found = one(violations("work_item", "zh", changed(ITEM, "/state", "done"), status=None))
    assert '"queued", "starting"' in found.message.en
    assert '"queued"、"starting"' in found.message.zh
    assert "Work 状态" in found.source


def test_violations_are_ordered_by_pointer_whatever_the_order_of_the_body() -> None:
    body = {"type": 1, "metadata": {"b": 1, "a": 1}, "id": 1}
    backwards = {"id": 1, "metadata": {"a": 1, "b": 1}, "type": 1}
    found = violations("work_item", "en", body, status=None)
    assert found == violations("work_item", "en", backwards, status=None)
    pointers = [v.pointer for v in found]
    assert pointers == sorted(pointers)
    assert {"/metadata/a", "/metadata/b", "/created_at"} <= set(pointers)


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        nested(100_000),
        "x" * 5_000_000,
        ["x"] * 100_000,
        {str(n): n for n in range(100_000)},
        10**5000,
        -(10**5000),
        float("inf"),
        "\ud800\n::error::\u202e\u2028",
        "{place} {0}",
    ],
    ids=["deep", "long", "wide", "many", "big", "negative", "infinite", "unprintable", "braces"],
)
def test_a_hostile_value_is_refused_in_one_short_line(value: object) -> None:
    for pointer in ("", "/id", "/data", "/state", "/created_at", "/metadata/k"):
        if pointer == "/metadata/k" and isinstance(value, str):
            continue
        for found in violations("work_item", "en", changed(ITEM, pointer, value), status=None):
            for text in (found.message.en, found.message.zh, found.actual.en):
                assert len(text) < 400
                assert text.isprintable()
                text.encode()


def test_a_hostile_name_is_cut_and_escaped() -> None:
    body = changed(ITEM, "/metadata", {"\n::" + "x" * 1_000_000: 1, "a/b~c": 2})
    found = violations("work_item", "en", body, status=None)
    assert [len(v.pointer) < 140 and v.pointer.isprintable() for v in found] == [True, True]
    assert found[1].pointer == "/metadata/a~1b~0c"


def test_a_body_of_many_faults_is_refused_with_the_first() -> None:
    body = changed(ITEM, "/metadata", {f"{n:06}": n for n in range(100_000)})
    assert len(violations("work_item", "en", body, status=None)) == schemas.MAX_VIOLATIONS


def test_what_is_not_json_is_not_shown() -> None:
    with pytest.raises(TypeError, match="bytes is not a type of JSON"):
        schemas.shown(b"")


def test_schemas_are_read_and_compiled_once() -> None:
    assert schemas.load("en", "work_item") is schemas.load("en", "work_item")
    assert schemas.validators("zh") is schemas.validators("zh")
    assert tuple(schemas.validators("zh")) == STEMS


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A package that is installed in an empty folder."""
    derived.schema_folder.cache_clear()
    derived.derived.cache_clear()
    monkeypatch.setattr(derived, "_PACKAGE", tmp_path / "site" / "conformance")
    yield tmp_path / "site"
    derived.schema_folder.cache_clear()
    derived.derived.cache_clear()


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
        assert {file.name for file in (folder / lang).iterdir()} == {f"{stem}.schema.json" for stem in STEMS}


def test_a_reference_to_another_document_is_never_fetched() -> None:
    validator = dialect.compiled({"$ref": "https://example.invalid/schema.json"})
    with pytest.raises(Unresolvable):
        list(validator.iter_errors({}))
