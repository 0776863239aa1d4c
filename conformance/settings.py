"""Every setting of a run, in one table: command line, pytest options and TOML keys are all made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from conformance.arrange.arrangement import DEFAULT_TIMEOUT, MODES, Arrangement, arrangement_from
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
from conformance.text import Lang, Text

POLITE_RATE: Final = (20.0, 50.0)
"""Writes and reads a second off loopback, as the rate-limit page advises."""

Kind = Literal["text", "number", "count", "flag"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One setting. `name` is the long option without dashes; in pytest it is `--target-<pytest_name>`."""

    name: str
    help: Text
    kind: Kind = "text"
    metavar: str | None = None
    multiple: bool = False
    choices: tuple[str, ...] = ()
    pytest_name: str | None = None

    @property
    def key(self) -> str:
        """The name as an identifier."""
        return self.name.replace("-", "_")

    @property
    def pytest_option(self) -> str:
        """The name as a pytest option."""
        return f"--target-{self.pytest_name or self.name}"

    @property
    def pytest_dest(self) -> str:
        """Where pytest keeps its value."""
        return f"target_{self.key}"


OPTIONS: Final[tuple[Option, ...]] = (
    Option(
        name="base-url",
        pytest_name="url",
        metavar="URL",
        help=Text("The server; run takes the embedded emulator without it.", "目标服务器；run 省略时使用内置模拟器。"),
    ),
    Option(
        name="api-prefix",
        metavar="PATH",
        help=Text(
            f"Path of the API below the base URL (default {DEFAULT_API_PREFIX}).",
            f"API 在 base URL 之下的路径（默认 {DEFAULT_API_PREFIX}）。",
        ),
    ),
    Option(
        name="worker-header",
        metavar="NAME",
        help=Text(
            f"Header that carries the worker's identity (default {DEFAULT_WORKER_HEADER}).",
            f"携带 worker 标识的头部（默认 {DEFAULT_WORKER_HEADER}）。",
        ),
    ),
    Option(
        name="header",
        metavar="NAME=VALUE",
        multiple=True,
        help=Text("An extra header on every request; repeatable.", "每个请求附加的头部；可重复。"),
    ),
    Option(
        name="header-env",
        metavar="NAME=VARIABLE",
        multiple=True,
        help=Text(
            "An extra header whose secret value is in an environment variable; repeatable.",
            "值为机密、取自环境变量的附加头部；可重复。",
        ),
    ),
    Option(
        name="arrange",
        choices=MODES,
        help=Text(
            "Where work items come from: the public API (default), a manifest, or your own command.",
            "work item 的来源：公开 API（默认）、清单（manifest）或您自己的命令（command）。",
        ),
    ),
    Option(
        name="manifest",
        metavar="FILE",
        help=Text("Prepared work items, for --arrange manifest.", "预先准备的 work item，用于 --arrange manifest。"),
    ),
    Option(
        name="arrange-command",
        metavar="CMD",
        help=Text(
            "Program that arranges work items, for --arrange command; run without a shell.",
            "安排 work item 的程序，用于 --arrange command；不经 shell 运行。",
        ),
    ),
    Option(
        name="arrange-timeout",
        kind="number",
        metavar="SECONDS",
        help=Text(
            f"One request to that program (default {DEFAULT_TIMEOUT:g}).",
            f"对该程序的单次请求的时限（默认 {DEFAULT_TIMEOUT:g}）。",
        ),
    ),
    Option(
        name="output",
        metavar="DIR",
        help=Text(
            "Folder for reports and transcripts (default reports/<run id>).",
            "报告和记录的目录（默认 reports/<run id>）。",
        ),
    ),
    Option(
        name="concurrency",
        kind="count",
        metavar="N",
        help=Text(
            "Scenarios, or requests of clean, at once (default 32).", "同时进行的场景数（clean 为请求数，默认 32）。"
        ),
    ),
    Option(name="lang", choices=("en", "zh"), help=Text("Language of what is printed.", "输出所用语言。")),
    Option(
        name="chapter",
        metavar="NAME",
        multiple=True,
        help=Text("Only requirements of this chapter; repeatable.", "只判定该章的要求；可重复。"),
    ),
    Option(
        name="requirement",
        metavar="ID",
        multiple=True,
        help=Text("Only this requirement; repeatable.", "只判定该要求；可重复。"),
    ),
    Option(
        name="failed-from",
        metavar="RUN_DIR",
        help=Text(
            "Only what an earlier run did not pass (its folder or report.json).",
            "只判定先前某次运行未通过的部分（其目录或 report.json）。",
        ),
    ),
    Option(
        name="strict",
        kind="flag",
        help=Text("Not exercised counts as inconclusive.", "未执行的要求按无法判定处理。"),
    ),
    Option(
        name="timeout",
        kind="number",
        metavar="SECONDS",
        help=Text(
            "One request, first byte sent to last byte read (default 30).",
            "单个请求从发出首字节到读完末字节的时限（默认 30）。",
        ),
    ),
    Option(
        name="max-duration",
        kind="number",
        metavar="SECONDS",
        help=Text(
            "The whole run; what is open then is inconclusive (default 1800).",
            "整次运行的时限，届时未完成的为无法判定（默认 1800）。",
        ),
    ),
    Option(
        name="max-rate",
        metavar="WRITES/READS",
        help=Text(
            "Requests a second, 0 is off (default 20/50, off on loopback).",
            "每秒请求数，0 为不限（默认 20/50，本机目标不限）。",
        ),
    ),
    Option(name="ca-bundle", metavar="FILE", help=Text("Certificates to trust, PEM.", "受信任的证书（PEM）。")),
    Option(
        name="client-cert", metavar="FILE", help=Text("Client certificate and key, PEM.", "客户端证书和私钥（PEM）。")
    ),
    Option(
        name="insecure",
        kind="flag",
        help=Text("Do not verify TLS; the report says so.", "不校验 TLS；报告中会注明。"),
    ),
    Option(name="proxy", metavar="URL", help=Text("Send everything through this proxy.", "所有请求经由该代理。")),
    Option(
        name="trust-env",
        kind="flag",
        help=Text("Use the proxy settings of the environment.", "使用环境变量中的代理设置。"),
    ),
    Option(
        name="seed", kind="count", metavar="N", help=Text("Repeat a run's random choices.", "复现某次运行的随机选择。")
    ),
    *(
        Option(
            name=f"{prefix}pat-env",
            metavar="NAME",
            help=Text(
                f"Variable that holds the {words[0]} (default QODER_{prefix.upper().replace('-', '_')}PAT).",
                f"存放{words[1]}的环境变量（默认 QODER_{prefix.upper().replace('-', '_')}PAT）。",
            ),
        )
        for prefix, words in {
            "": ("token", " token "),
            "forbidden-": ("token that may see but not act", "可见但无权操作的 token "),
            "foreign-": ("other tenant's token", "其他租户的 token "),
            "expired-": ("expired token", "已过期的 token "),
        }.items()
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A run's settings, valid in themselves; nothing has been connected to or written."""

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
            connection=self.connection,
        )


def from_values(values: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """Settings from option values by key, and credentials from the environment.

    Raises:
        ConfigurationError: a value cannot be used; the sentence names the option and the mend.
    """
    prefix = parse_api_prefix(values.get("api_prefix") or DEFAULT_API_PREFIX)
    base_url = parse_base_url(values["base_url"], prefix) if values.get("base_url") else None
    return Settings(
        base_url=base_url,
        api_prefix=prefix,
        worker_header=_header_name(values.get("worker_header") or DEFAULT_WORKER_HEADER),
        headers=tuple(_header(text) for text in values.get("header") or ()),
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
        arrangement=arrangement_from(values, embedded=base_url is None),
    )


def _limits(values: Mapping[str, Any], base_url: str | None) -> Limits:
    polite = base_url is not None and not is_loopback(base_url)
    writes, reads = _rate(values.get("max_rate")) or (POLITE_RATE if polite else (0.0, 0.0))
    return Limits(
        timeout=_positive(values, "timeout", 30.0),
        max_duration=_positive(values, "max_duration", 1800.0),
        writes_per_second=writes,
        reads_per_second=reads,
        concurrency=int(_positive(values, "concurrency", 32)),
    )


def _connection(values: Mapping[str, Any]) -> Connection:
    for option in ("ca_bundle", "client_cert"):
        if values.get(option) and not Path(values[option]).is_file():
            name = option.replace("_", "-")
            raise ConfigurationError(
                f"--{name}: there is no file {values[option]!r}.", f"--{name}：文件 {values[option]!r} 不存在。"
            )
    return Connection(
        ca_bundle=values.get("ca_bundle") or None,
        client_cert=values.get("client_cert") or None,
        insecure=bool(values.get("insecure")),
        proxy=values.get("proxy") or None,
        trust_env=bool(values.get("trust_env")),
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
    if not 0 < value < float("inf"):
        name = key.replace("_", "-")
        raise ConfigurationError(f"--{name} must be a number more than 0.", f"--{name} 必须是大于 0 的数。")
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
