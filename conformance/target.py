"""The server under test: address, credentials and limits. Values only; nothing here opens a connection."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from conformance.text import Text

DEFAULT_API_PREFIX: Final = "/api/v1/cloud"
DEFAULT_WORKER_HEADER: Final = "Worker-ID"
LOOPBACK_HOSTS: Final = frozenset({"localhost"})
"""Names of this machine, in addition to its addresses."""

MINIMUM_SECRET_LENGTH: Final = 12

MAX_BODY: Final = 128 << 10
"""Most bytes read of a response about one object: far above any documented size, and dozens are in memory at once."""

_EXAMPLE: Final = "https://api.example.com"


class ConfigurationError(Exception):
    """A setting cannot be used; `reason` is one sentence in both languages that says how to fix it."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.reason = Text(en, zh)


class Secret:
    """A value that is masked in `repr`. `variable` is the shell expression that reports show in its place."""

    __slots__ = ("_value", "variable")

    def __init__(self, value: str, variable: str) -> None:
        self._value = value
        self.variable = variable

    def reveal(self) -> str:
        """Return the value itself; only for requests and the redactor."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self.variable})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and (self._value, self.variable) == (other._value, other.variable)

    def __hash__(self) -> int:
        return hash((self._value, self.variable))

    __str__ = __repr__

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a Secret cannot be pickled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The main PAT and the optional ones."""

    pat: Secret
    forbidden: Secret | None = None
    foreign: Secret | None = None
    expired: Secret | None = None

    def all(self) -> tuple[Secret, ...]:
        """Return every secret that was given."""
        return tuple(s for s in (self.pat, self.forbidden, self.foreign, self.expired) if s is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on a run. Rates are per second, 0 is unlimited; times are in seconds; sizes are in bytes.

    `explore` is how long random requests are sent, 0 for none. `outage` is how long the target may be unreachable in
    total. With `one_connection`, requests are sent one after another, each on its own connection.
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
    """How to connect to the target. `http2`: offer HTTP/2 in the TLS handshake.

    `proxy` is the proxy for this target, given or from the environment; `arrange_proxy` the one for endpoints that
    create work at another address. `trust_env`: use the proxy settings of the environment.
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

    `base_url` has no trailing slash and no API prefix; `api_prefix` begins with a slash. `secret_headers` are sent
    like `headers`, but their values are redacted from everything that is saved. The same holds for `query` and
    `secret_query`, which are in the URL of every request. The endpoints that create work are below `arrange_url`, if
    given. `user_agent` replaces the suite's own in every request. `states` maps the target's own state names to the
    documented ones. `binding` is the digest that requests carry if the run is bound to a product; the ids for a worker
    follow from it. `rerun_options` are the words of a command line that sends to the same server in the same way; they
    contain no secret. `worker` is the command of the worker that is judged instead of a server; `base_url` is then the
    scripted server.
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
    binding: str | None = None
    rerun_options: tuple[str, ...] = ()
    worker: str | None = None

    def documented_state(self, name: object) -> str | None:
        """Return the documented state for a name, an unmapped name itself, or None for a value that is no string."""
        return dict(self.states).get(name, name) if isinstance(name, str) else None

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return urlsplit(self.base_url).netloc

    @property
    def loopback(self) -> bool:
        """Whether the target runs on this machine."""
        return is_loopback(self.base_url)

    def url(self, *segments: str) -> str:
        """Return the URL of an API path. Each segment is percent-encoded, so that an id cannot change the path.

        The Work API is below `/environments/{id}/work`; all other endpoints only create work.
        """
        path = "".join("/" + _segment(segment) for segment in segments)
        if self.arrange_url is not None and segments[2:3] != ("work",):
            return self.arrange_url + path
        return self.base_url + self.api_prefix + path

    def url_with_query(self, url: str) -> str:
        """Return a URL with the query parameters that every request has."""
        pairs = [*self.query, *((name, secret.reveal()) for name, secret in self.secret_query)]
        if not pairs:
            return url
        return f"{url}{'&' if '?' in url else '?'}{urlencode(pairs, quote_via=quote, safe='')}"

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """The user's secrets other than the tokens."""
        return tuple(secret for _, secret in (*self.secret_headers, *self.secret_query))


def _segment(text: str) -> str:
    """Return a percent-encoded segment, including dots: `quote` keeps them, and `..` would change the path."""
    return text.replace(".", "%2E") if text in {".", ".."} else quote(text, safe="")


def is_loopback(base_url: str) -> bool:
    """Return whether a URL names this machine. A host name that begins with `127.` does not count."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in LOOPBACK_HOSTS


def parse_base_url(text: str, api_prefix: str = DEFAULT_API_PREFIX) -> str:
    """Return a normalised base URL; a trailing slash, a gateway path or the API prefix at its end is allowed.

    Raises:
        ConfigurationError: it is not an absolute http(s) URL, or has a user, query or fragment.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(
            f"The base URL cannot be parsed ({error}); use one like {_EXAMPLE}.",
            f"无法解析 base URL（{error}）；请使用形如 {_EXAMPLE} 的地址。",
        ) from None
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(
            "The base URL contains a user name; set credentials in the environment (QODER_PAT).",
            "base URL 中含有用户名；请用环境变量 QODER_PAT 提供凭证。",
        )
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        shown = "" if set("@?") & set(text) else f" {text!r}"  # do not repeat a possible credential
        raise ConfigurationError(
            f"The base URL{shown} is not an absolute http(s) URL; use one like {_EXAMPLE}.",
            f"base URL{shown} 不是完整的 http(s) 地址；请使用形如 {_EXAMPLE} 的地址。",
        )
    if parts.query or parts.fragment:
        raise ConfigurationError(
            f"The base URL has a query or a fragment; remove it: {parts.hostname}.",
            f"base URL 含有查询参数或片段；请去掉：{parts.hostname}。",
        )
    if port == 0 or any(c.isspace() or ord(c) < 0x21 for c in text.strip()):
        raise ConfigurationError(
            f"The base URL {text!r} is malformed; use one like {_EXAMPLE}.",
            f"base URL {text!r} 格式有误；请使用形如 {_EXAMPLE} 的地址。",
        )
    path = parts.path.rstrip("/")
    if api_prefix and path.endswith(api_prefix):
        path = path[: -len(api_prefix)].rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def parse_api_prefix(text: str) -> str:
    """Return an API prefix with one leading and no trailing slash; empty for none.

    Raises:
        ConfigurationError: the prefix is not a plain path.
    """
    stripped = text.strip("/")
    if any(c in stripped for c in "?#\\ ") or ".." in stripped.split("/"):
        raise ConfigurationError(
            f"The API prefix {text!r} is not a plain path; use one like {DEFAULT_API_PREFIX}.",
            f"API 前缀 {text!r} 不是普通路径；请使用形如 {DEFAULT_API_PREFIX} 的路径。",
        )
    return f"/{stripped}" if stripped else ""


def parse_secret(value: str, variable: str) -> Secret:
    """Return a credential from the environment.

    Raises:
        ConfigurationError: it is too short to be redacted reliably, or has characters that no header can carry.
    """
    if len(value) < MINIMUM_SECRET_LENGTH:
        raise ConfigurationError(
            f"{variable} has fewer than {MINIMUM_SECRET_LENGTH} characters and could not be redacted from the reports;"
            " use a longer token.",
            f"{variable} 不足 {MINIMUM_SECRET_LENGTH} 个字符，无法从报告中去除；请使用更长的 token。",
        )
    if not all(0x21 <= ord(c) <= 0x7E for c in value):
        raise ConfigurationError(
            f"{variable} contains white space or characters that no header can carry; set it to the token only.",
            f"{variable} 含有空白，或请求头无法携带的字符；请只设置 token 本身。",
        )
    return Secret(value, f"${{{variable}}}")
