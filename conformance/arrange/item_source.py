"""Where a run's items come from: the public API, a manifest, or a vendor's program."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from conformance.arrange.api_arranger import ApiArranger, Arranger
from conformance.arrange.command_arranger import ArrangeProgram
from conformance.arrange.deliveries import Deliveries
from conformance.arrange.environments import RunResources
from conformance.arrange.item_assignment import assign_items, kind_of_entry
from conformance.arrange.item_spec import ItemSpec
from conformance.arrange.journal import Journal
from conformance.arrange.long_lived_command import LongLivedProgram
from conformance.arrange.manifest import InvalidManifest, Manifest, ManifestEntry, parse_manifest, read_manifest
from conformance.arrange.modes import DEFAULT_TIMEOUT, ArrangeMode
from conformance.arrange.prepared_items import CommandArranger, ManifestArranger
from conformance.client.api import Api
from conformance.target import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrangeConfig:
    """One of the three modes, with its settings. `timeout` is in seconds, for one request to the program.

    `keep`: each process starts the program once and keeps it running until `close`.
    """

    mode: ArrangeMode = "api"
    manifest: Manifest | None = None
    command: tuple[str, ...] = ()
    timeout: float = DEFAULT_TIMEOUT
    keep: bool = False
    _kept: list[LongLivedProgram] = field(default_factory=list, compare=False, repr=False)

    def program(self, api: Api) -> ArrangeProgram:
        """Return the vendor's program; this client's secrets are masked in its messages."""
        if self.keep and not self._kept:
            self._kept.append(LongLivedProgram(self.command, self.timeout))
        return ArrangeProgram(self.command, self.timeout, api.client.redact, self._kept[0] if self._kept else None)

    def close(self) -> None:
        """End a program that keeps running."""
        while self._kept:
            self._kept.pop().close()

    def to_json(self) -> dict[str, Any]:
        """Return plain types, to be sent to another process."""
        return {
            "mode": self.mode,
            "manifest": self.manifest.to_json() if self.manifest else None,
            "command": list(self.command),
            "timeout": self.timeout,
            "keep": self.keep,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ArrangeConfig:
        """Read what `to_json` returned."""
        return cls(
            mode=data["mode"],
            manifest=parse_manifest(data["manifest"]) if data["manifest"] else None,
            command=tuple(data["command"]),
            timeout=data["timeout"],
            keep=data["keep"],
        )


class ArrangerFactory:
    """Creates an arranger for each attempt at a scenario. `plan` is the plan of the whole run."""

    def __init__(
        self,
        arrange_config: ArrangeConfig,
        run_resources: RunResources,
        journal: Journal,
        plan: Iterable[tuple[str, ItemSpec]],
        *,
        processes: int = 1,
    ) -> None:
        self._arrangement = arrange_config
        self._workspace = run_resources
        self._journal = journal
        self._listed: dict[str, str] = {}
        self._reserved: dict[str, ManifestEntry] = {}
        self.deliveries = Deliveries(journal, processes=processes)
        self._allotment = assign_items(plan, arrange_config.manifest.items if arrange_config.manifest else ())

    def arranger(self, api: Api, case: str, label: str, *, keyed: bool) -> Arranger:
        """Return an arranger that sends requests through this API; its objects are named with the label, or `keyed`."""
        match self._arrangement.mode:
            case "manifest":
                reserved = self._reserved.pop(case, None)
                return ManifestArranger(api, self._allotment, self._journal, case, reserved=reserved)
            case "command":
                return CommandArranger(api, self._arrangement.program(api), self._workspace, self._journal)
            case _:
                return ApiArranger(
                    api,
                    self._workspace,
                    self._journal,
                    label,
                    listed=self._listed,
                    deliveries=self.deliveries,
                    keyed=keyed,
                )

    def reserve_for_repetition(self, case: str) -> bool:
        """Reserve an item for another repetition of a race. Return whether there is one.

        In a manifest, it is an item that no process has used. If items are created, there always is one.
        """
        if self._arrangement.mode != "manifest":
            return True
        own = self._allotment.own.get(case)
        for entry in (own, *self._allotment.supply(kind_of_entry(own)).spare) if own is not None else ():
            if self._journal.claim(entry.environment_id, entry.work_id):
                self._reserved[case] = entry
                return True
        return False


def arrange_config_from_options(values: Mapping[str, Any], *, embedded: bool) -> ArrangeConfig:
    """Return the configuration that option values ask for.

    Raises:
        ConfigurationError: the options contradict each other, the manifest is invalid, or the program does not exist.
    """
    mode = cast("ArrangeMode", values.get("arrange") or "api")
    for option, its_mode in (
        ("manifest", "manifest"),
        ("arrange_command", "command"),
        ("arrange_timeout", "command"),
        ("arrange_keep", "command"),
    ):
        if values.get(option) not in (None, False) and mode != its_mode:
            name = option.replace("_", "-")
            raise ConfigurationError(f"--{name} needs --arrange {its_mode}.", f"--{name} 需要 --arrange {its_mode}。")
    if mode == "api":
        return ArrangeConfig()
    if embedded:
        raise ConfigurationError(
            f"--arrange {mode} needs --base-url with the server that has the items.",
            f"--arrange {mode} 需要用 --base-url 指定 item 所在的服务器。",
        )
    if mode == "manifest":
        return ArrangeConfig(mode=mode, manifest=_manifest(values.get("manifest")))
    return ArrangeConfig(
        mode=mode,
        command=_command(values.get("arrange_command")),
        timeout=_timeout(values.get("arrange_timeout")),
        keep=bool(values.get("arrange_keep")),
    )


def _manifest(path: str | None) -> Manifest:
    if not path:
        raise ConfigurationError(
            "--arrange manifest needs --manifest FILE.", "--arrange manifest 需要 --manifest FILE。"
        )
    try:
        return read_manifest(Path(path))
    except InvalidManifest as error:
        why = error.reason
        raise ConfigurationError(f"--manifest {path}: {why.en}.", f"--manifest {path}：{why.zh}。") from None


def _command(text: str | None) -> tuple[str, ...]:
    try:
        words = shlex.split(text or "")
    except ValueError as error:
        raise ConfigurationError(
            f"--arrange-command cannot be split into words ({error}).",
            f"--arrange-command 无法拆分成命令和参数（{error}）。",
        ) from None
    if not words:
        raise ConfigurationError(
            "--arrange command needs --arrange-command CMD.", "--arrange command 需要 --arrange-command CMD。"
        )
    if shutil.which(words[0]) is None:
        raise ConfigurationError(
            f"--arrange-command: the program {words[0]!r} does not exist or is not executable.",
            f"--arrange-command：程序 {words[0]!r} 不存在或不可执行。",
        )
    return tuple(words)


def _timeout(seconds: float | None) -> float:
    if seconds is None:
        return DEFAULT_TIMEOUT
    if not 0 < seconds < float("inf"):
        raise ConfigurationError("--arrange-timeout must be more than 0 seconds.", "--arrange-timeout 必须大于 0 秒。")
    return float(seconds)
