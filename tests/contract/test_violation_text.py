"""How a violation is told: in which words, in which order, and never at a length that the target decides."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.contract import schemas
from conformance.contract.schemas import SchemaName, violations
from tests.contract.documented_bodies import GONE, HEARTBEAT, ITEM, STATS, changed, one


@pytest.mark.parametrize(
    ("pointer", "value", "en", "zh", "source"),
    [
        ("/state", GONE, "required field `/state` is missing", "响应缺少必需字段 `/state`", "row `state`"),
        (
            "/started_at",
            5,
            "`/started_at` has the wrong JSON type: expected a string or null, got 5",
            "`/started_at` 的 JSON 类型错误：预期 字符串或 null，实际 5",
            "row `started_at`",
        ),
        (
            "/type",
            "job",
            '`/type` is "job"; the only documented value is "work"',
            '`/type` 为 "job"，而文档规定的唯一取值是 "work"',
            "row `type`",
        ),
        (
            "/id",
            "wrk",
            '`/id` is "wrk"; expected a string that starts with work_',
            '`/id` 为 "wrk"，预期为以 work_ 开头的字符串',
            "row `id`",
        ),
        (
            "/created_at",
            "today",
            '`/created_at` is "today", which is not a timestamp: not RFC 3339',
            '`/created_at` 为 "today"，不是时间戳：不符合 RFC 3339',
            "row `created_at`",
        ),
        (
            "/metadata",
            {"k": []},
            "`/metadata/k` has the wrong JSON type: expected a string, got an array (elements: 0)",
            "`/metadata/k` 的 JSON 类型错误：预期 字符串，实际 数组（元素数：0）",
            "Metadata object, row `shape`",
        ),
    ],
)
def test_the_sentences(pointer: str, value: object, en: str, zh: str, source: str) -> None:
    found = one(violations("work_item", "en", changed(ITEM, pointer, value), status=None))
    assert (found.message.en, found.message.zh) == (en, zh)
    assert source in found.source


@pytest.mark.parametrize(
    ("name", "body", "pointer", "value", "en", "zh"),
    [
        (
            "heartbeat",
            HEARTBEAT,
            "/ttl_seconds",
            5,
            "`/ttl_seconds` is 5; it must be at least 10",
            "`/ttl_seconds` 为 5，应不小于 10",
        ),
        (
            "heartbeat",
            HEARTBEAT,
            "/ttl_seconds",
            10**200,
            "`/ttl_seconds` is a number of more than 100 digits; it must be at most 600",
            "`/ttl_seconds` 为 超过 100 位的数字，应不大于 600",
        ),
        (
            "stats",
            STATS,
            "/depth",
            "3",
            '`/depth` has the wrong JSON type: expected an integer, got "3"',
            '`/depth` 的 JSON 类型错误：预期 整数，实际 "3"',
        ),
        (
            "polled_item",
            ITEM,
            "",
            [],
            "the body has the wrong JSON type: expected an object or null, got an array (elements: 0)",
            "响应体 的 JSON 类型错误：预期 对象或 null，实际 数组（元素数：0）",
        ),
    ],
)
def test_the_sentences_of_the_other_operations(
    name: SchemaName, body: dict[str, Any], pointer: str, value: object, en: str, zh: str
) -> None:
    found = one(violations(name, "en", changed(body, pointer, value), status=None))
    assert (found.message.en, found.message.zh) == (en, zh)


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
    with pytest.raises(TypeError, match="bytes is not a JSON type"):
        schemas.display_value(b"")
