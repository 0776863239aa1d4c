"""`work-conformance list --endpoints`: lists the endpoints that a target needs, by the source of its items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from conformance.arrange.modes import MODES, ArrangeMode
from conformance.cli import formats
from conformance.text import Lang, Text

_ITEM: Final = "/environments/{environment_id}/work/{work_id}"
_WORK: Final = "/environments/{environment_id}/work"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint, the request body, and what cannot be judged without it.

    `arranging` endpoints are below `--arrange-url`, if that is given.
    """

    method: str
    path: str
    ways: tuple[ArrangeMode, ...]
    consequence_if_missing: Text
    query: str = ""
    body: str = ""
    arranging: bool = False


_ALL: Final = MODES
_API: Final[tuple[ArrangeMode, ...]] = ("api",)
_NOTHING: Final = Text("nothing can be judged", "无法判定任何内容")
_USE_GIVEN: Final = Text(
    "no items can be created: use prepared items (--arrange manifest or command)",
    "无法创建 item：请使用预先准备的 item（--arrange manifest 或 command）",
)
_LEFT: Final = Text("objects of the run may be left on the target", "运行所创建的对象可能遗留在目标上")
_CLEAN: Final = Text(
    "`clean` fails; the suite does not find objects whose creation response was lost",
    "`clean`，以及查找响应丢失的请求所创建的对象",
)

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint("POST", f"{_ITEM}/ack", _ALL, _NOTHING, body="none, or {}"),
    Endpoint("GET", _ITEM, _ALL, _NOTHING),
    Endpoint("GET", f"{_WORK}/poll", _API, _USE_GIVEN, query="block_ms=999&reclaim_older_than_ms=86400000"),
    Endpoint(
        "POST",
        f"{_ITEM}/heartbeat",
        _ALL,
        Text(
            "ack.race.heartbeat is not judged; with items from the API, requirements about `active` items "
            "are not judged either",
            "ack.race.heartbeat；通过 API 准备 item 时还有涉及 `active` item 的要求",
        ),
        query="expected_last_heartbeat=NO_HEARTBEAT&desired_ttl_seconds=600",
    ),
    Endpoint(
        "POST",
        f"{_ITEM}/stop",
        _ALL,
        Text(
            "ack.race.stop is not judged; with items from the API, requirements about `stopping` and "
            "`stopped` items are not judged either",
            "ack.race.stop；通过 API 准备 item 时还有涉及 `stopping` 和 `stopped` item 的要求",
        ),
        body='{}, or {"force": true}',
    ),
    Endpoint(
        "GET",
        _WORK,
        _API,
        Text(
            "ack.observe.undelivered is not observed; unfinished items may be left on the target",
            "ack.observe.undelivered；未结束的 item 可能遗留在目标上",
        ),
        query="limit=100",
    ),
    Endpoint(
        "GET",
        f"{_WORK}/stats",
        _API,
        Text("`run --explore` sends fewer kinds of requests", "`run --explore` 的部分随机请求"),
    ),
    Endpoint(
        "POST",
        _ITEM,
        _API,
        Text("`run --explore` sends fewer kinds of requests", "`run --explore` 的部分随机请求"),
        body='{"metadata": {"key": "value"}}',
    ),
    Endpoint("GET", "/environments", _API, _CLEAN, query="limit=100", arranging=True),
    Endpoint(
        "POST",
        "/environments",
        _API,
        _USE_GIVEN,
        body='{"name": "…", "config": {"type": "self_hosted"}, "metadata": {…}}; also "cloud"',
        arranging=True,
    ),
    Endpoint("GET", "/models", _API, Text("the model `auto` is used", "使用模型 `auto`"), arranging=True),
    Endpoint(
        "POST",
        "/agents",
        _API,
        _USE_GIVEN,
        body='{"name": "…", "model": "…", "system": "…", "metadata": {…}}',
        arranging=True,
    ),
    Endpoint(
        "POST",
        "/sessions",
        _API,
        _USE_GIVEN,
        body='{"agent": "…", "environment_id": "…", "title": "…", "metadata": {…}}',
        arranging=True,
    ),
    Endpoint(
        "POST",
        "/sessions/{session_id}/events",
        _API,
        _USE_GIVEN,
        body='{"events": [{"type": "user.message", "content": [{"type": "text", "text": "…"}]}]}',
        arranging=True,
    ),
    *(Endpoint("GET", f"/{name}", _API, _CLEAN, query="limit=100", arranging=True) for name in ("agents", "sessions")),
    Endpoint("POST", "/sessions/{session_id}/cancel", _API, _LEFT, arranging=True),
    *(
        Endpoint(method, f"/{name}s/{{{name}_id}}{action}", _API, _LEFT, arranging=True)
        for name in ("session", "agent", "environment")
        for method, action in (("DELETE", ""), ("POST", "/archive"), ("GET", ""))
    ),
)

_WORDS: Final[dict[ArrangeMode, Text]] = {
    "api": Text("Items created through the public API (without --arrange)", "通过公开 API 准备 item（不带 --arrange）"),
    "manifest": Text("Items from a manifest (--arrange manifest)", "由清单提供的 item（--arrange manifest）"),
    "command": Text("Items from your own program (--arrange command)", "由您的程序提供的 item（--arrange command）"),
}


def print_output(lang: Lang, form: str) -> None:
    """Print the table."""
    formats.print_output(form, lang, data=_data, markdown=_markdown, text=_text)


def endpoints_for(way: ArrangeMode) -> list[Endpoint]:
    """Return the endpoints that a source of items uses."""
    return [endpoint for endpoint in ENDPOINTS if way in endpoint.ways]


def _text(lang: Lang) -> Iterator[str]:
    for way in MODES:
        yield _WORDS[way].in_(lang)
        for endpoint in endpoints_for(way):
            yield f"  {_route(endpoint)}"
            if endpoint.body:
                yield "    " + Text("body: {body}", "请求体：{body}").format(body=endpoint.body).in_(lang)
            yield "    " + Text("without it: {lost}", "缺少时：{lost}").format(
                lost=endpoint.consequence_if_missing
            ).in_(lang)
        yield ""


def _markdown(lang: Lang) -> Iterator[str]:
    heading = Text("Method and path | Body | Without it", "方法与路径 | 请求体 | 缺少时").in_(lang)
    for way in MODES:
        yield f"## {_WORDS[way].in_(lang)}"
        yield ""
        yield f"| {heading} |"
        yield "| --- | --- | --- |"
        for endpoint in endpoints_for(way):
            body = f"`{endpoint.body}`" if endpoint.body else ""
            yield f"| `{_route(endpoint)}` | {body} | {endpoint.consequence_if_missing.in_(lang)} |"
        yield ""


def _route(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}" + (f"?{endpoint.query}" if endpoint.query else "")


def _data() -> list[dict[str, Any]]:
    return [
        {
            "method": endpoint.method,
            "path": endpoint.path,
            "query": endpoint.query,
            "body": endpoint.body,
            "ways": list(endpoint.ways),
            "arranging": endpoint.arranging,
            "without": endpoint.consequence_if_missing.to_json(),
        }
        for endpoint in ENDPOINTS
    ]
