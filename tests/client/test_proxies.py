"""Which proxy a target is reached by: the one that was given, or the environment's, unless NO_PROXY spares it."""

from __future__ import annotations

import pytest

from conformance.client.proxies import bypasses_proxy, is_valid_proxy_url, parse_proxy, proxy_for
from conformance.target import ConfigurationError


@pytest.mark.parametrize(
    ("base_url", "no_proxy"),
    [
        ("http://api.example.com", "api.example.com"),
        ("http://api.example.com", "example.com"),
        ("http://api.example.com", ".example.com"),
        ("http://api.example.com", "*.example.com"),
        ("http://API.Example.com.", "example.COM"),
        ("http://api.example.com", "*"),
        ("http://api.example.com", "other.test, example.com"),
        ("http://api.example.com", "other.test example.com"),
        ("http://api.example.com:8080", "api.example.com:8080"),
        ("https://api.example.com", "api.example.com:443"),
        ("http://api.example.com", "http://api.example.com"),
        ("http://127.0.0.1:4751", "127.0.0.1"),
        ("http://127.0.0.1:4751", "127.0.0.1:4751"),
        ("http://127.0.0.1", "127.0.0.0/8"),
        ("http://10.1.2.3", "10.0.0.0/8,fe80::/10"),
        ("http://10.1.2.3", "10.1.2.3/32"),
        ("http://[::1]:80", "[::1]"),
        ("http://[::1]:80", "::1"),
        ("http://[::1]:8080", "[::1]:8080"),
        ("http://[fe80::7]", "fe80::/10"),
        ("http://[fe80::7]", "[fe80::]/10"),
        ("http://[2001:db8::1]", "2001:0db8:0:0::1"),
    ],
)
def test_a_target_that_is_spared(base_url: str, no_proxy: str) -> None:
    assert bypasses_proxy(base_url, no_proxy)
    assert proxy_for(base_url, {"ALL_PROXY": "socks5://127.0.0.1:1", "NO_PROXY": no_proxy}) is None


@pytest.mark.parametrize(
    ("base_url", "no_proxy"),
    [
        ("http://api.example.com", ""),
        ("http://api.example.com", " , ,"),
        ("http://api.example.com", "ample.com"),
        ("http://api.example.com", "api.example.com.test"),
        ("http://api.example.com", "www.api.example.com"),
        ("http://api.example.com", "api.example.com:8080"),
        ("http://127.0.0.1:4751", "127.0.0.1:4752"),
        ("http://127.0.0.1", "10.0.0.0/8"),
        ("http://[::1]", "[::1]:8080"),
        ("http://[::1]", "fe80::/10"),
        ("http://127.0.0.1", "27.0.0.1"),
        ("http://127.0.0.1", "localhost, [::1], ., *., [, ]:, /8"),
    ],
)
def test_a_target_that_is_not(base_url: str, no_proxy: str) -> None:
    assert not bypasses_proxy(base_url, no_proxy)
    assert proxy_for(base_url, {"http_proxy": "proxy.test:3128", "NO_PROXY": no_proxy}) == "http://proxy.test:3128"


@pytest.mark.parametrize(
    ("environ", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://p:1"}, None),
        ({"HTTP_PROXY": ""}, None),
        ({"HTTP_PROXY": "http://p:1"}, "http://p:1"),
        ({"http_proxy": "http://low:1", "HTTP_PROXY": "http://high:1"}, "http://low:1"),
        ({"ALL_PROXY": "https://p:1"}, "https://p:1"),
        ({"ALL_PROXY": "http://all:1", "HTTP_PROXY": "http://p:1"}, "http://p:1"),
        ({"HTTP_PROXY": "http://p:1", "REQUEST_METHOD": "GET"}, None),
        ({"HTTP_PROXY": "http://user:word@p:1"}, "http://user:word@p:1"),
    ],
)
def test_the_environments_proxy(environ: dict[str, str], proxy: str | None) -> None:
    assert proxy_for("http://api.example.com", environ) == proxy


@pytest.mark.parametrize(
    ("proxy", "said"),
    [
        ("socks5://127.0.0.1:1", "socks5:// proxies are not supported"),
        ("socks5h://127.0.0.1:1", "not supported"),
        ("ftp://127.0.0.1", "not supported"),
        ("http://127.0.0.1:99999", "cannot be read"),
        ("http://127.0.0.1:0", "cannot be read"),
        ("http://127.0.0.1:port", "cannot be read"),
        ("http://", "cannot be read"),
        ("http://300.1.1.1:80", "cannot be read"),
        ("http://[::1", "cannot be read"),
        ("http://user:secretword@☃.test", "cannot be read"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_refused(proxy: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as given:
        parse_proxy(proxy)
    with pytest.raises(ConfigurationError, match="the environment's proxy"):
        proxy_for("https://api.example.com", {"all_proxy": proxy})
    assert given.value.reason.en.startswith("--proxy: ")
    assert "secretword" not in given.value.reason.en + given.value.reason.zh


@pytest.mark.parametrize(
    "url", ["http://bücher.test", "http://[::1]:8", "http://127.0.0.1", "http://a_b.test", "http://xn--bcher-kva.test"]
)
def test_hosts_that_can_be_connected_to(url: str) -> None:
    assert is_valid_proxy_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://300.1.1.1",
        "http://☃.test",
        "http://xn--ls8h.test",
        "http://[v1.a]",
        "http://é..test",
        "http://1.2.3.4.5.999999999999999999999:80x",
    ],
)
def test_hosts_that_cannot(url: str) -> None:
    assert not is_valid_proxy_url(url)
