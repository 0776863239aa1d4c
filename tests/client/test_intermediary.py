"""Who wrote an error: what stands in front of the target, or the target itself."""

from __future__ import annotations

import json

import pytest

from conformance.client.intermediary import IntermediaryDetector
from conformance.client.transport import RawResponse
from conformance.exchange import Body, Header

ENVELOPE = json.dumps({"type": "error", "error": {"type": "api_error", "message": "no"}, "request_id": "r"})
ITEM = json.dumps({"id": "work_1", "state": "starting"})
HTML: Header = ("Content-Type", "text/html; charset=utf-8")
JSON: Header = ("Content-Type", "application/json")
TEXT: Header = ("Content-Type", "text/plain")
NGINX = (
    "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr><center>nginx</center></body></html>"
)


def reply(status: int, text: str, *headers: Header) -> RawResponse:
    return RawResponse(status=status, headers=headers, body=Body(text=text, size=len(text)))


def wrote(subject: RawResponse, *before: RawResponse) -> bool:
    """What is said of a reply, after others were seen."""
    intermediaries = IntermediaryDetector()
    for each in before:
        assert not intermediaries.is_from_intermediary(each)
    return intermediaries.is_from_intermediary(subject)


OWN = reply(200, ITEM, JSON, ("Server", "uvicorn"))


@pytest.mark.parametrize("before", [(), (OWN,)], ids=["unknown target", "known target"])
@pytest.mark.parametrize(
    "page",
    [
        reply(500, "<html>oops</html>", HTML),
        reply(500, "<!DOCTYPE html><title>error</title>", ("Server", "cloudflare"), ("CF-RAY", "8c2f-FRA")),
        reply(403, "<html>Attention Required!</html>", HTML, ("Server", "cloudflare")),
        reply(403, "Request blocked", TEXT, ("Server", "AkamaiGHost")),
        reply(404, NGINX.format("404 Not Found"), HTML, ("Server", "nginx/1.25.3")),
        reply(404, NGINX.format("404 Not Found")),
        reply(400, NGINX.format("400 Bad Request"), HTML),
        reply(413, "<html>too large</html>", HTML),
        reply(500, "upstream connect error or disconnect/reset before headers. reset reason: overflow", TEXT),
        reply(403, "RBAC: access denied", TEXT),
        reply(404, "default backend - 404", TEXT),
        reply(500, "", ("Server", "istio-envoy")),
        reply(401, "", ("Via", "1.1 google")),
        reply(403, '{"message": "Forbidden"}', JSON, ("x-amzn-errortype", "ForbiddenException")),
        reply(401, '{"message": "Unauthorized"}', JSON, ("Server", "kong/3.4"), ("X-Kong-Response-Latency", "1")),
        reply(500, "ERROR", TEXT, ("X-Squid-Error", "ERR_CONNECT_FAIL 111")),
        reply(409, "<html>", HTML, ("Server", "Tengine"), ("EagleId", "2f")),
        reply(500, "failed", TEXT, ("Proxy-Status", "lb; error=destination_unavailable")),
    ],
    ids=lambda page: f"{page.status} {page.body.text[:20]}" if isinstance(page, RawResponse) else None,
)
def test_a_page_with_the_marks_of_a_front_is_the_fronts(page: RawResponse, before: tuple[RawResponse, ...]) -> None:
    assert wrote(page, *before)


@pytest.mark.parametrize("before", [(), (OWN,)], ids=["unknown target", "known target"])
@pytest.mark.parametrize(
    "own",
    [
        reply(500, ENVELOPE, JSON),
        reply(500, ENVELOPE, JSON, ("Server", "cloudflare"), ("CF-RAY", "8c2f"), ("Via", "1.1 x")),
        reply(404, '{"error": {"message": "no"}}', JSON, ("Server", "nginx")),
        reply(404, '{"type": "error"}', HTML, ("Via", "1.1 x")),
        reply(500, "Internal Server Error", TEXT, ("Server", "uvicorn")),
        reply(500, '{"detail": "Internal Server Error"}', JSON),
        reply(500, "", JSON),
        reply(401, '{"detail": "Not authenticated"}', JSON, ("Server", "gunicorn")),
        reply(404, "<!doctype html><title>Not Found</title>", HTML),
        reply(409, "<html>conflict</html>", HTML),
        reply(200, "<html>", HTML, ("Server", "cloudflare")),
        reply(302, "", ("Server", "nginx"), ("Location", "https://elsewhere")),
    ],
    ids=lambda own: f"{own.status} {own.body.text[:20]}" if isinstance(own, RawResponse) else None,
)
def test_what_comes_from_the_target_is_judged(own: RawResponse, before: tuple[RawResponse, ...]) -> None:
    assert not wrote(own, *before)


MARKS: tuple[Header, ...] = (("Server", "cloudflare"), ("CF-RAY", "8c2f"), ("Via", "1.1 varnish"), ("X-Cache", "MISS"))


@pytest.mark.parametrize(
    "own",
    [
        reply(500, '{"detail": "Internal Server Error"}', JSON, *MARKS),
        reply(500, "Internal Server Error", TEXT, *MARKS),
        reply(404, "<h1>Not Found</h1>", HTML, *MARKS),
        reply(401, "", *MARKS),
    ],
    ids=["json", "text", "html", "empty"],
)
@pytest.mark.parametrize(
    "first", [reply(200, ITEM, JSON, *MARKS), reply(404, ENVELOPE, JSON, *MARKS)], ids=["200", "404"]
)
def test_marks_that_are_on_everything_say_nothing(own: RawResponse, first: RawResponse) -> None:
    assert not wrote(own, first)


def test_the_page_of_a_front_that_is_on_everything_is_known_by_its_words() -> None:
    assert wrote(
        reply(404, NGINX.format("404 Not Found"), HTML, ("Server", "nginx")),
        reply(200, ITEM, JSON, ("Server", "nginx")),
    )


def test_a_front_that_marks_what_it_passes_on_is_known_by_what_lacks_the_mark() -> None:
    passed_on = reply(200, ITEM, JSON, ("Server", "envoy"), ("x-envoy-upstream-service-time", "3"))
    assert wrote(reply(500, "fault", TEXT, ("Server", "envoy")), passed_on)
    assert not wrote(reply(500, "fault", TEXT, ("Server", "envoy"), ("x-envoy-upstream-service-time", "2")), passed_on)


@pytest.mark.parametrize("name", ["Werkzeug/3.0.1 Python/3.11", "Jetty(12.0)", "Kestrel"])
def test_a_page_of_the_targets_own_server_is_the_targets(name: str) -> None:
    assert not wrote(
        reply(500, "<!doctype html><title>500</title>", HTML, ("Server", name)),
        reply(200, ITEM, JSON, ("Server", name)),
    )


def test_what_a_page_carries_is_not_learnt() -> None:
    page = reply(200, "<html>", HTML, ("Server", "cloudflare"))
    assert wrote(reply(403, "<html>", HTML, ("Server", "cloudflare")), page)
