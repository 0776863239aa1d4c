"""The settings of a run, read from option values and checked; nothing is connected to or written."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from conformance.arrange.arrangement import Arrangement, arrangement_from
from conformance.judging.waivers import read_waivers
from conformance.target import (
    DEFAULT_API_PREFIX,
    DEFAULT_WORKER_HEADER,
    ConfigurationError,
    Connection,
    Credentials,
    Limits,
    Secret,
    Target,
    is_loopback,
    parse_api_prefix,
    parse_base_url,
    parse_secret,
)
from conformance.text import Lang

POLITE_RATE: Final = (20.0, 50.0)
"""Writes and reads a second off loopback, as the rate-limit page advises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A run's settings, valid in themselves; nothing has been connected to or written.

    `waivers` is the text of the file of known failures, `repeat` how often each scenario is to be held, `race_repeat`
    how often each race (None: as often as there is time for).
    """

    base_url: str | None
    api_prefix: str
    worker_header: str
    headers: tuple[tuple[str, str], ...]
    secret_headers: tuple[tuple[str, Secret], ...]
    output: Path | None
    lang: Lang | None
    chapters: tuple[str, ...]
    requirements: tuple[str, ...]
    failed_from: Path | None
    strict: bool
    limits: Limits
    connection: Connection
    seed: int | None
    credentials: Credentials | None
    arrangement: Arrangement
    waivers: str | None = None
    repeat: int = 1
    race_repeat: int | None = None
    user_agent: str | None = None

    def target(self) -> Target:
        """The target that was named.

        Raises:
            ConfigurationError: none was.
        """
        if self.base_url is None:
            raise ConfigurationError("No base URL was given; use --base-url.", "未给出 base URL；请使用 --base-url。")
        return Target(
            base_url=self.base_url,
            api_prefix=self.api_prefix,
            worker_header=self.worker_header,
            headers=self.headers,
            secret_headers=self.secret_headers,
            user_agent=self.user_agent,
            connection=self.connection,
        )


def from_values(values: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """Settings from option values by key, and credentials from the environment.

    Raises:
        ConfigurationError: a value cannot be used; the sentence names the option and the mend.
    """
    prefix = parse_api_prefix(values.get("api_prefix") or DEFAULT_API_PREFIX)
    base_url = parse_base_url(values["base_url"], prefix) if values.get("base_url") else None
    arrangement = arrangement_from(values, embedded=base_url is None)
    return Settings(
        base_url=base_url,
        api_prefix=prefix,
        worker_header=_header_name(values.get("worker_header") or DEFAULT_WORKER_HEADER),
        headers=tuple(_header(text) for text in values.get("header") or ()),
        user_agent=_user_agent(values.get("user_agent")),
        secret_headers=tuple(_secret_header(text, environ) for text in values.get("header_env") or ()),
        output=Path(values["output"]) if values.get("output") else None,
        lang=values.get("lang") or None,
        chapters=tuple(values.get("chapter") or ()),
        requirements=tuple(values.get("requirement") or ()),
        failed_from=Path(values["failed_from"]) if values.get("failed_from") else None,
        strict=bool(values.get("strict")),
        limits=_limits(values, base_url),
        connection=_connection(values),
        seed=values.get("seed"),
        credentials=_credentials(values, environ, needed=base_url is not None),
        arrangement=arrangement,
        waivers=read_waivers(Path(values["waivers"])) if values.get("waivers") else None,
        repeat=_repeat(values, arrangement),
        race_repeat=_race_repeat(values),
    )


def _repeat(values: Mapping[str, Any], arrangement: Arrangement) -> int:
    repeat = int(_positive(values, "repeat", 1))
    if repeat > 1 and arrangement.mode == "manifest":
        raise ConfigurationError(
            "--repeat needs fresh items each time, and a manifest has one for each case; use --arrange command or api.",
            "--repeat 每次都需要新的 item，而清单中每个用例只有一个；请改用 --arrange command 或 api。",
        )
    return repeat


def _race_repeat(values: Mapping[str, Any]) -> int | None:
    if values.get("race_repeat") is None:
        return None
    return int(_positive(values, "race_repeat", 1))


def _limits(values: Mapping[str, Any], base_url: str | None) -> Limits:
    polite = base_url is not None and not is_loopback(base_url)
    writes, reads = _rate(values.get("max_rate")) or (POLITE_RATE if polite else (0.0, 0.0))
    return Limits(
        timeout=_positive(values, "timeout", 30.0),
        max_duration=_positive(values, "max_duration", 1800.0),
        writes_per_second=writes,
        reads_per_second=reads,
        concurrency=int(_positive(values, "concurrency", 32)),
        explore=_positive(values, "explore", 0.0),
    )


def _connection(values: Mapping[str, Any]) -> Connection:
    for option in ("ca_bundle", "client_cert"):
        if values.get(option) and not Path(values[option]).is_file():
            name = option.replace("_", "-")
            raise ConfigurationError(
                f"--{name}: there is no file {values[option]!r}.", f"--{name}：文件 {values[option]!r} 不存在。"
            )
    if values.get("http2") and importlib.util.find_spec("h2") is None:
        raise ConfigurationError(
            "--http2 needs the package h2: pip install 'work-conformance[http2]'.",
            "--http2 需要 h2 包：pip install 'work-conformance[http2]'。",
        )
    return Connection(
        ca_bundle=values.get("ca_bundle") or None,
        client_cert=values.get("client_cert") or None,
        insecure=bool(values.get("insecure")),
        proxy=values.get("proxy") or None,
        trust_env=bool(values.get("trust_env")),
        http2=bool(values.get("http2")),
    )


def _credentials(values: Mapping[str, Any], environ: Mapping[str, str], *, needed: bool) -> Credentials | None:
    """The four tokens by the names of their variables; None for the embedded emulator, which makes its own."""
    if not needed:
        return None
    found: dict[str, Secret | None] = {}
    for kind in ("", "forbidden_", "foreign_", "expired_"):
        variable = values.get(f"{kind}pat_env") or f"QODER_{kind.upper()}PAT"
        value = environ.get(variable, "")
        found[kind] = parse_secret(value, variable) if value else None
        if not value and values.get(f"{kind}pat_env"):
            raise ConfigurationError(
                f"The environment variable {variable} is not set.", f"环境变量 {variable} 未设置。"
            )
        if not value and not kind:
            raise ConfigurationError(
                f"No token: set the environment variable {variable} to a PAT of the target.",
                f"没有 token：请将环境变量 {variable} 设置为目标的 PAT。",
            )
    pat = found[""]
    assert pat is not None
    return Credentials(pat=pat, forbidden=found["forbidden_"], foreign=found["foreign_"], expired=found["expired_"])


def _positive(values: Mapping[str, Any], key: str, default: float) -> float:
    value = values.get(key)
    if value is None:
        return default
    if not 0 < value <= _LARGEST:
        name = key.replace("_", "-")
        raise ConfigurationError(
            f"--{name} must be a number more than 0 and at most {_LARGEST}.",
            f"--{name} 必须是大于 0 且不超过 {_LARGEST} 的数。",
        )
    return float(value)


def _rate(text: str | None) -> tuple[float, float] | None:
    if not text:
        return None
    writes, slash, reads = text.partition("/")
    try:
        rates = float(writes), float(reads if slash else writes)
    except ValueError:
        rates = (-1.0, -1.0)
    if not all(0 <= rate < 1e6 for rate in rates):
        raise ConfigurationError(
            f"--max-rate {text!r} is not WRITES/READS a second, for example 20/50; 0 is off.",
            f"--max-rate {text!r} 不是每秒的“写/读”次数，例如 20/50；0 为不限。",
        )
    return rates


_LARGEST: Final = 1_000_000

_TOKEN_CHARACTERS: Final = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def _header_name(name: str) -> str:
    if not name or not set(name) <= _TOKEN_CHARACTERS:
        raise ConfigurationError(f"{name!r} is not a header name.", f"{name!r} 不是合法的头部名称。")
    return name


def _header(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigurationError(f"--header {text!r}: write NAME=VALUE.", f"--header {text!r}：请写成 NAME=VALUE。")
    if not value.isascii() or not value.isprintable():
        raise ConfigurationError(
            f"--header {name}: the value holds characters that no header can carry.",
            f"--header {name}：值中含有头部无法携带的字符。",
        )
    return _header_name(name.strip()), value.strip()


def _user_agent(text: str | None) -> str | None:
    if text is not None and not (text.strip() and text.isascii() and text.isprintable()):
        raise ConfigurationError(
            f"--user-agent {text!r}: write printable ASCII characters, for example my-client/1.0.",
            f"--user-agent {text!r}：请使用可打印的 ASCII 字符，例如 my-client/1.0。",
        )
    return text.strip() if text is not None else None


def _secret_header(text: str, environ: Mapping[str, str]) -> tuple[str, Secret]:
    name, equals, variable = text.partition("=")
    if not equals or not variable:
        raise ConfigurationError(
            "--header-env: write NAME=VARIABLE, the name of an environment variable.",
            "--header-env：请写成 NAME=VARIABLE，后者为环境变量名。",
        )
    if variable not in environ:
        raise ConfigurationError(
            f"--header-env {name}: the environment variable {variable} is not set.",
            f"--header-env {name}：环境变量 {variable} 未设置。",
        )
    return _header_name(name.strip()), parse_secret(environ[variable], variable)
