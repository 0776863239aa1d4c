"""The settings of a run, parsed from option values and validated; nothing here connects or writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from conformance.arrange.environment_tokens import read_token
from conformance.arrange.item_source import ArrangeConfig, arrange_config_from_options
from conformance.arrange.item_spec import STATES
from conformance.binding import Binding, binding_from_options
from conformance.client.connection_options import base_url_from, connection_from
from conformance.contract.operations import Profile
from conformance.judging.waivers import read_waivers
from conformance.machine.limits import MIN_OPEN_FILES, max_concurrency, max_open_files
from conformance.options import OPTIONS, is_blank
from conformance.options.rerun import rerun_options
from conformance.request_options import (
    header,
    header_name,
    query_parameter,
    secret_header,
    secret_query_parameter,
    user_agent,
)
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
    parse_secret,
)
from conformance.text import Lang
from conformance.worker_harness.command import WorkerConfig, require_program

_LARGEST: Final = 1_000_000
"""The largest rate that can be set, in requests per second."""

POLITE_RATE: Final = (20.0, 50.0)
"""Writes and reads per second for targets other than loopback, as the rate-limit page advises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The validated settings of a run.

    `waivers` is the text of the waivers file, `repeat` how often each scenario runs, `race_repeat` how often each race
    runs (None: as often as time allows). `states` maps the target's own state names to documented ones.
    """

    base_url: str | None
    api_prefix: str
    worker_header: str
    headers: tuple[tuple[str, str], ...]
    secret_headers: tuple[tuple[str, Secret], ...]
    query: tuple[tuple[str, str], ...]
    secret_query: tuple[tuple[str, Secret], ...]
    arrange_url: str | None
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
    arrange_config: ArrangeConfig
    waivers: str | None = None
    repeat: int = 1
    race_repeat: int | None = None
    user_agent: str | None = None
    states: tuple[tuple[str, str], ...] = ()
    binding: Binding | None = None
    baseline: Path | None = None
    profile: Profile = "ack"
    rerun_options: tuple[str, ...] = ()
    worker: WorkerConfig | None = None

    def target(self) -> Target:
        """The target.

        Raises:
            ConfigurationError: no base URL was given.
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
            query=self.query,
            secret_query=self.secret_query,
            arrange_url=self.arrange_url,
            connection=self.connection,
            states=self.states,
            binding=self.binding.mark if self.binding is not None else None,
            rerun_options=self.rerun_options,
        )


def from_values(values: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """Return settings from option values by key, and credentials from the environment.

    Raises:
        ConfigurationError: a value cannot be used; the message names the option and says how to fix it.
    """
    _refuse_empty(values)
    prefix = parse_api_prefix(values.get("api_prefix") or DEFAULT_API_PREFIX)
    base_url = base_url_from(values["base_url"], prefix) if values.get("base_url") else None
    worker_header = header_name(values.get("worker_header") or DEFAULT_WORKER_HEADER)
    arrange_url = _arrange_url(values.get("arrange_url"), base_url)
    arrange_config = arrange_config_from_options(values, embedded=base_url is None)
    return Settings(
        base_url=base_url,
        api_prefix=prefix,
        worker_header=worker_header,
        headers=tuple(header(text, worker_header) for text in values.get("header") or ()),
        user_agent=user_agent(values.get("user_agent")),
        secret_headers=tuple(secret_header(text, worker_header, environ) for text in values.get("header_env") or ()),
        query=tuple(query_parameter(text) for text in values.get("query") or ()),
        secret_query=tuple(secret_query_parameter(text, environ) for text in values.get("query_env") or ()),
        arrange_url=arrange_url,
        output=Path(values["output"]) if values.get("output") else None,
        lang=values.get("lang") or None,
        chapters=tuple(values.get("chapter") or ()),
        requirements=tuple(values.get("requirement") or ()),
        failed_from=Path(values["failed_from"]) if values.get("failed_from") else None,
        strict=bool(values.get("strict")),
        limits=_limits(values, [url for url in (base_url, values.get("arrange_url")) if url]),
        connection=connection_from(values, environ, base_url, arrange_url),
        seed=values.get("seed"),
        credentials=_credentials(values, environ, arrange_config, needed=base_url is not None),
        arrange_config=arrange_config,
        waivers=read_waivers(Path(values["waivers"])) if values.get("waivers") else None,
        repeat=_repeat(values, arrange_config),
        race_repeat=_race_repeat(values),
        rerun_options=rerun_options(values),
        states=tuple(dict(_state(text) for text in values.get("map_state") or ()).items()),
        binding=binding_from_options(values),
        baseline=Path(values["baseline"]) if values.get("baseline") else None,
        profile=values.get("profile") or "ack",
        worker=_worker(values),
    )


def _worker(values: Mapping[str, Any]) -> WorkerConfig | None:
    """Return the worker to judge; None in the profiles that judge a server."""
    command, attach = values.get("worker_start"), bool(values.get("worker_attach"))
    if values.get("profile") != "worker":
        return None
    if command is not None and attach:
        raise ConfigurationError(
            "Give --start or --attach, not both: with --attach you start the worker by hand.",
            "--start 与 --attach 只能给出一个：使用 --attach 时由您手动启动 worker。",
        )
    if command is None and not attach:
        raise ConfigurationError(
            "Give --start with the command that starts the worker, or --attach to start it by hand.",
            "请用 --start 给出启动 worker 的命令，或用 --attach 手动启动。",
        )
    if command is not None:
        require_program(command)
    return WorkerConfig(command=command, real_leases=bool(values.get("real_leases")))


def _refuse_empty(values: Mapping[str, Any]) -> None:
    """Reject empty values: they must not be treated as omitted."""
    for option in OPTIONS:
        value = values.get(option.key)
        if any(map(is_blank, value if isinstance(value, list | tuple) else (value,))):
            raise ConfigurationError(
                f"--{option.name} is empty; set a value, or omit it.",
                f"--{option.name} 的值为空；请设置值，或去掉它。",
            )


def _repeat(values: Mapping[str, Any], arrange_config: ArrangeConfig) -> int:
    repeat = int(_positive(values, "repeat", 1))
    if repeat > 1 and arrange_config.mode == "manifest":
        raise ConfigurationError(
            "--repeat needs fresh items each time, but a manifest has one per scenario; use --arrange command or api.",
            "--repeat 每次都需要新的 item，而清单中每个场景只有一个；请改用 --arrange command 或 api。",
        )
    return repeat


def _race_repeat(values: Mapping[str, Any]) -> int | None:
    if values.get("race_repeat") is None:
        return None
    return int(_positive(values, "race_repeat", 1))


def _limits(values: Mapping[str, Any], addresses: Iterable[str]) -> Limits:
    polite = not all(map(is_loopback, addresses))
    writes, reads = _rate(values.get("max_rate")) or (POLITE_RATE if polite else (0.0, 0.0))
    return Limits(
        timeout=_positive(values, "timeout", 30.0),
        max_duration=_positive(values, "max_duration", 1800.0),
        writes_per_second=writes,
        reads_per_second=reads,
        concurrency=min(int(_positive(values, "concurrency", 32)), _allowed_at_once()),
        explore=_positive(values, "explore", 0.0),
        outage=_outage(values),
    )


def _allowed_at_once() -> int:
    """Return how many concurrent scenarios the limit of open files allows."""
    files = max_open_files()
    if files is not None and files < MIN_OPEN_FILES:
        raise ConfigurationError(
            f"The limit of open files is {files}; raise it to at least {MIN_OPEN_FILES} (ulimit -n).",
            f"同时打开文件数的上限为 {files}；请提高到至少 {MIN_OPEN_FILES}（ulimit -n）。",
        )
    return max_concurrency(files) or _LARGEST


def _outage(values: Mapping[str, Any]) -> float:
    return 0.0 if values.get("outage") == 0 else _positive(values, "outage", Limits().outage)


def _credentials(
    values: Mapping[str, Any], environ: Mapping[str, str], arrange_config: ArrangeConfig, *, needed: bool
) -> Credentials | None:
    """Return the four tokens from their variables; None for the embedded emulator, which generates its own.

    If every environment of a manifest has its own token, the first one is used as the main token.
    """
    if not needed:
        return None
    found: dict[str, Secret | None] = {}
    values = _with_a_main_token(values, environ, arrange_config)
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
                f"No token: set the environment variable {variable} to a PAT of the target; `work-conformance doctor` then"
                " checks it. Without a base URL, `work-conformance run` judges the embedded emulator and needs no token.",
                f"没有 token：请将环境变量 {variable} 设置为目标的 PAT，再用 `work-conformance doctor` 检查。"
                "不给出 base URL 时，`work-conformance run` 评测内置模拟器，无需 token。",
            )
    pat = found[""]
    assert pat is not None
    _refuse_equal(secret for secret in found.values() if secret is not None)
    return Credentials(pat=pat, forbidden=found["forbidden_"], foreign=found["foreign_"], expired=found["expired_"])


def _with_a_main_token(
    values: Mapping[str, Any], environ: Mapping[str, str], arrange_config: ArrangeConfig
) -> Mapping[str, Any]:
    manifest = arrange_config.manifest
    if manifest is None:
        return values
    for variable in manifest.pat_variables.values():
        read_token(variable, environ)
    first = manifest.items[0].pat_env
    if first is None or values.get("pat_env") or environ.get("QODER_PAT"):
        return values
    return {**values, "pat_env": first}


def _refuse_equal(secrets: Iterable[Secret]) -> None:
    """Reject one token in two roles: it would fail a correct server, as the other tenant's token could ack the item."""
    variables: dict[str, str] = {}
    for secret in secrets:
        name = secret.variable.strip("${}")
        first = variables.setdefault(secret.reveal(), name)
        if first != name:
            raise ConfigurationError(
                f"{first} and {name} have the same token; set {name} to the token for its role, or unset it.",
                f"{first} 与 {name} 的 token 相同；请将 {name} 设置为其自身角色的 token，或取消设置。",
            )


def _positive(values: Mapping[str, Any], key: str, default: float) -> float:
    value = values.get(key)
    if value is None:
        return default
    if not 0 < value <= _LARGEST:
        name = key.replace("_", "-")
        raise ConfigurationError(
            f"--{name} must be a number greater than 0 and at most {_LARGEST}.",
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
            f"--max-rate {text!r} is not WRITES/READS per second; use for example 20/50, or 0 for no limit.",
            f"--max-rate {text!r} 不是每秒的“写/读”次数；请使用例如 20/50，或用 0 表示不限。",
        )
    return rates


def _state(text: str) -> tuple[str, str]:
    """Return a state name of the target and the documented state that it stands for."""
    name, _, state = text.partition("=")
    if not name or state not in STATES or name in STATES:
        states = ", ".join(STATES)
        raise ConfigurationError(
            f"--map-state {text!r}: write NAME=STATE: an undocumented name and one of {states}.",
            f"--map-state {text!r}：请写成 NAME=STATE：前者是文档中没有的名称，后者是 {states} 之一。",
        )
    return name, state


def _arrange_url(text: str | None, base_url: str | None) -> str | None:
    """Return the full URL of the endpoints `/environments`, `/agents`, `/sessions` and `/models`."""
    if not text:
        return None
    if base_url is None:
        raise ConfigurationError(
            "--arrange-url needs --base-url, the server to judge.",
            "--arrange-url 需要 --base-url，即待评测的服务器。",
        )
    try:
        return base_url_from(text, "")
    except ConfigurationError as error:
        en, zh = f"--arrange-url: {error.reason.en}", f"--arrange-url：{error.reason.zh}"
        raise ConfigurationError(en, zh) from None
