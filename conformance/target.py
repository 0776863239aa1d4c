"""Whom we test: the address, the credentials and the limits. Values only; nothing here connects."""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from conformance.text import Text

DEFAULT_API_PREFIX: Final = "/api/v1/cloud"
DEFAULT_WORKER_HEADER: Final = "Worker-ID"
LOOPBACK_HOSTS: Final = frozenset({"localhost"})
"""Names of this machine, besides its addresses."""

MINIMUM_SECRET_LENGTH: Final = 12

MAX_BODY: Final = 128 << 10
"""Bytes that are read of an answer that is about one object: far above any documented one, and dozens are held at once."""

_EXAMPLE: Final = "https://api.example.com"


class ConfigurationError(Exception):
    """What the user gave cannot be used; `reason` is one sentence, in both languages, that names the mend."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.reason = Text(en, zh)


class Secret:
    """A value that never prints. `variable` is the shell expression a reader may use in its place."""

    __slots__ = ("_value", "variable")

    def __init__(self, value: str, variable: str) -> None:
        self._value = value
        self.variable = variable

    def reveal(self) -> str:
        """The value itself: for the wire and for the redactor only."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self.variable})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and (self._value, self.variable) == (other._value, other.variable)

    def __hash__(self) -> int:
        return hash((self._value, self.variable))

    __str__ = __repr__

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a Secret is not written down")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The main PAT and the optional ones (rulings 10 and 11)."""

    pat: Secret
    forbidden: Secret | None = None
    foreign: Secret | None = None
    expired: Secret | None = None

    def all(self) -> tuple[Secret, ...]:
        """Every secret that was given."""
        return tuple(s for s in (self.pat, self.forbidden, self.foreign, self.expired) if s is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on a run. Rates are per second, 0 is unlimited; times are seconds; sizes are bytes.

    `explore` is how long random requests are sent; 0 is not at all. `outage` is how long the target may be away, in
    all. With `one_connection` requests follow each other, each on a connection of its own.
    """

    timeout: float = 30.0
    max_duration: float = 1800.0
    writes_per_second: float = 0.0
    reads_per_second: float = 0.0
    concurrency: int = 32
    explore: float = 0.0
    outage: float = 30.0
    one_connection: bool = False
    max_body: int = MAX_BODY
    max_list: int = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How the target is reached. `http2`: where TLS lets both sides agree on it.

    `proxy` is the one for this target, given or found in the environment, `arrange_proxy` the one for its arranging
    endpoints where they are elsewhere; `trust_env` says that the environment counts.
    """

    ca_bundle: str | None = None
    client_cert: str | None = None
    client_key_password: Secret | None = None
    insecure: bool = False
    proxy: str | None = None
    arrange_proxy: str | None = None
    trust_env: bool = False
    http2: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The server under test.

    `base_url` has no trailing slash and no API prefix; `api_prefix` begins with a slash. `secret_headers` are
    sent like `headers`, but their values are redacted from everything that is kept; so it is with `query` and
    `secret_query`, which stand in the URL of every request. Below `arrange_url`, if there is one, are the endpoints that
    arrange work. `user_agent` is sent with every request in the place of the suite's own. `states` are names of its own for
    documented states, each with the one that it stands for.
    """

    base_url: str
    api_prefix: str = DEFAULT_API_PREFIX
    worker_header: str = DEFAULT_WORKER_HEADER
    headers: tuple[tuple[str, str], ...] = ()
    secret_headers: tuple[tuple[str, Secret], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    secret_query: tuple[tuple[str, Secret], ...] = ()
    arrange_url: str | None = None
    connection: Connection = field(default_factory=Connection)
    embedded: bool = False
    user_agent: str | None = None
    states: tuple[tuple[str, str], ...] = ()

    def state_named(self, name: object) -> str | None:
        """The documented state that a name stands for; a name that stands for none as it is; None for what is no name."""
        return dict(self.states).get(name, name) if isinstance(name, str) else None

    @property
    def host(self) -> str:
        """Host and port as a person would name them."""
        return urlsplit(self.base_url).netloc

    @property
    def loopback(self) -> bool:
        """Whether the target is on this machine."""
        return is_loopback(self.base_url)

    def url(self, *segments: str) -> str:
        """The URL of an API path. Each segment is percent-encoded, so that an id is never a path.

        The Work API is what lies below `/environments/{id}/work`; everything else only arranges work.
        """
        path = "".join("/" + _segment(segment) for segment in segments)
        if self.arrange_url is not None and segments[2:3] != ("work",):
            return self.arrange_url + path
        return self.base_url + self.api_prefix + path

    def with_query(self, url: str) -> str:
        """A URL with the parameters that every request has."""
        pairs = [*self.query, *((name, secret.reveal()) for name, secret in self.secret_query)]
        if not pairs:
            return url
        return f"{url}{'&' if '?' in url else '?'}{urlencode(pairs, quote_via=quote, safe='')}"

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What the user gave as secret besides the tokens."""
        return tuple(secret for _, secret in (*self.secret_headers, *self.secret_query))


def _segment(text: str) -> str:
    """Dots alone, which `quote` leaves as they are, would climb the path."""
    return text.replace(".", "%2E") if text in {".", ".."} else quote(text, safe="")


def is_loopback(base_url: str) -> bool:
    """Whether a URL names this machine. A name that merely begins with `127.` may be anybody's."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in LOOPBACK_HOSTS


def parse_base_url(text: str, api_prefix: str = DEFAULT_API_PREFIX) -> str:
    """A base URL as the user may write it: trailing slash, gateway path or the API prefix at its end allowed.

    Raises:
        ConfigurationError: not an absolute http(s) URL, or one with a user, query or fragment.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(
            f"The base URL cannot be read ({error}); give one like {_EXAMPLE}.",
            f"无法解析 base URL（{error}）；请使用形如 {_EXAMPLE} 的地址。",
        ) from None
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(
            "The base URL holds a user name; credentials come from the environment (QODER_PAT).",
            "base URL 中含有用户名；凭据应通过环境变量 QODER_PAT 提供。",
        )
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        shown = "" if set("@?") & set(text) else f" {text!r}"  # what may be a credential is not repeated
        raise ConfigurationError(
            f"The base URL{shown} is not an absolute http(s) URL; give one like {_EXAMPLE}.",
            f"base URL{shown} 不是完整的 http(s) 地址；请使用形如 {_EXAMPLE} 的地址。",
        )
    if parts.query or parts.fragment:
        raise ConfigurationError(
            f"The base URL has a query or a fragment; leave them out: {parts.hostname}.",
            f"base URL 含有查询参数或片段；请去掉：{parts.hostname}。",
        )
    if port == 0 or any(c.isspace() or ord(c) < 0x21 for c in text.strip()):
        raise ConfigurationError(
            f"The base URL {text!r} is malformed; give one like {_EXAMPLE}.",
            f"base URL {text!r} 格式有误；请使用形如 {_EXAMPLE} 的地址。",
        )
    path = parts.path.rstrip("/")
    if api_prefix and path.endswith(api_prefix):
        path = path[: -len(api_prefix)].rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def parse_api_prefix(text: str) -> str:
    """An API prefix with one leading and no trailing slash; empty for none.

    Raises:
        ConfigurationError: it is not a plain path.
    """
    stripped = text.strip("/")
    if any(c in stripped for c in "?#\\ ") or ".." in stripped.split("/"):
        raise ConfigurationError(
            f"The API prefix {text!r} is not a plain path; give one like {DEFAULT_API_PREFIX}.",
            f"API 前缀 {text!r} 不是普通路径；请使用形如 {DEFAULT_API_PREFIX} 的路径。",
        )
    return f"/{stripped}" if stripped else ""


def parse_secret(value: str, variable: str) -> Secret:
    """A credential from the environment.

    Raises:
        ConfigurationError: it is too short to be found again in what the target echoes, or no header can hold it.
    """
    if len(value) < MINIMUM_SECRET_LENGTH:
        raise ConfigurationError(
            f"{variable} has fewer than {MINIMUM_SECRET_LENGTH} characters, so it could not be kept out of the reports;"
            " use a longer token.",
            f"{variable} 不足 {MINIMUM_SECRET_LENGTH} 个字符，无法保证不出现在报告中；请使用更长的 token。",
        )
    if not all(0x21 <= ord(c) <= 0x7E for c in value):
        raise ConfigurationError(
            f"{variable} holds white space or characters that no header can carry; set it to the token alone.",
            f"{variable} 含有空白或头部无法携带的字符；请只设置 token 本身。",
        )
    return Secret(value, f"${{{variable}}}")


_REMEMBERED: Final = 1024
_SHORT: Final = 256
"""Texts that a redactor remembers, and how long they are at most."""


class Redactor:
    """Replaces secrets by value in text that is about to be kept.

    Each secret is known in the forms a server may echo it in: plain, base64, and with any of its characters escaped as
    JSON, a URL or HTML may have it.
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._replacements: list[tuple[str, str]] = []
        self._redacted = lru_cache(_REMEMBERED)(self._without)  # names and values of headers come again and again
        self.add(*secrets)

    def add(self, *secrets: Secret) -> None:
        """Learn more secrets; longer values are replaced first."""
        for secret in secrets:
            for form in _forms(secret.reveal()):
                if (form, secret.variable) not in self._replacements:
                    self._replacements.append((form, secret.variable))
        self._replacements.sort(key=lambda pair: -len(pair[0]))
        self._redacted.cache_clear()

    def __call__(self, text: str) -> str:
        return self._redacted(text) if len(text) <= _SHORT else self._without(text)

    def _without(self, text: str) -> str:
        if _ESCAPE.search(text):
            text = self._without_escaped(text)
        for value, variable in self._replacements:
            text = text.replace(value, variable)
        return text

    def _without_escaped(self, text: str) -> str:
        """The same for secrets of which a part is escaped: a reader who decodes the text would have them back."""
        plain = _Unescaped(text)
        found: list[tuple[int, int, str]] = []
        left = plain.text
        for value, variable in self._replacements:
            hits = re.finditer(re.escape(value), left)
            found += [(plain.origin(hit.start()), plain.origin(hit.end()), variable) for hit in hits]
            left = left.replace(value, "\0" * len(value))  # a shorter one within it is not found again
        parts, done = [], 0
        for begin, end, variable in sorted(found):
            parts += [text[done:begin], variable]
            done = end
        return "".join((*parts, text[done:]))


_ESCAPE: Final = re.compile(
    r"\\u00(?P<json>[0-9a-f]{2})|%(?P<url>[0-9a-f]{2})|&#x0*(?P<hex>[0-9a-f]{2});|&#0*(?P<html>[0-9]{2,3});|\\(?P<char>[\"/\\])",
    re.IGNORECASE,
)


class _Unescaped:
    """A text with its escapes of ASCII characters resolved, and where each character came from."""

    def __init__(self, text: str) -> None:
        parts: list[str] = []
        self._plain_at, self._text_at = [0], [0]
        done = length = 0
        for escape in _ESCAPE.finditer(text):
            parts += [text[done : escape.start()], _character(escape)]
            length += escape.start() - done + 1
            done = escape.end()
            self._plain_at.append(length)
            self._text_at.append(done)
        self.text = "".join((*parts, text[done:]))

    def origin(self, at: int) -> int:
        """The place in the original text of a place in this one."""
        segment = bisect_right(self._plain_at, at) - 1
        return self._text_at[segment] + at - self._plain_at[segment]


def _character(escape: re.Match[str]) -> str:
    if escape["char"]:
        return escape["char"]
    code = escape["json"] or escape["url"] or escape["hex"]
    return chr(int(code, 16) if code else int(escape["html"]))


def _forms(value: str) -> set[str]:
    forms = _readable(value)
    for plain in (value, f"{value}:", f":{value}"):
        encoded = base64.b64encode(plain.encode()).decode()
        forms |= {encoded, encoded.rstrip("=")}
    forms |= {stem for stem in _base64_stems(value.encode()) if len(stem) >= MINIMUM_SECRET_LENGTH}
    return forms | {form.replace("+", "-").replace("/", "_") for form in forms if form not in _readable(value)}


def _readable(value: str) -> set[str]:
    """The forms that are the value's own characters."""
    return {value, quote(value, safe=""), json.dumps(value)[1:-1]}


def _base64_stems(value: bytes) -> Iterator[str]:
    """What base64 makes of a value wherever it stands in a longer text: three alignments, without the shared edges."""
    for shift, shared in enumerate((0, 2, 3)):
        whole = (shift + len(value)) * 8 // 6
        yield base64.b64encode(b"\0" * shift + value).decode()[shared:whole]
