"""A manifest: a list of prepared work items, each with its state. `manifest.schema.json` beside this documents it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from conformance.arrange.item_spec import Origin, State, StoppedBy
from conformance.contract.strict_json import NotStrictJson, decode, parse
from conformance.suggest import nearest
from conformance.text import Text

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

MANIFEST_FORMAT: Final = "work-conformance-manifest/1"

_TYPES: Final = {
    "string": Text("a string", "字符串"),
    "boolean": Text("true or false", "true 或 false"),
    "array": Text("a list", "列表"),
    "object": Text("an object", "对象"),
    "null": Text("null", "null"),
}
_SHOWN: Final = 60


class InvalidManifest(Exception):
    """A file that is not a manifest; `reason` is a clause without a full stop that names the place in the file."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEntry:
    """One prepared item. `pat_env` names the variable with its environment's own token, if it has one."""

    state: State
    environment_id: str
    work_id: str
    worker_id: str | None
    delivered: bool = True
    stopped_by: StoppedBy | None = None
    came_from: Origin | None = None
    pat_env: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Every prepared item, and the two environments that a few scenarios need."""

    items: tuple[ManifestEntry, ...]
    cloud_environment_id: str | None = None
    second_environment_id: str | None = None
    cloud_environment_pat_env: str | None = None
    second_environment_pat_env: str | None = None

    @property
    def pat_variables(self) -> dict[str, str]:
        """The variable of each environment with a token of its own, by environment."""
        named = [(entry.environment_id, entry.pat_env) for entry in self.items]
        named += [
            (self.cloud_environment_id or "", self.cloud_environment_pat_env),
            (self.second_environment_id or "", self.second_environment_pat_env),
        ]
        return {environment_id: variable for environment_id, variable in named if environment_id and variable}

    def to_json(self) -> dict[str, Any]:
        """Return the file's content; `parse_manifest` reads it back. Unset variables are left out."""
        items = [asdict(entry) for entry in self.items]
        data = {
            "format": MANIFEST_FORMAT,
            "cloud_environment_id": self.cloud_environment_id,
            "second_environment_id": self.second_environment_id,
            "cloud_environment_pat_env": self.cloud_environment_pat_env,
            "second_environment_pat_env": self.second_environment_pat_env,
            "items": [_without_variable(item) for item in items],
        }
        return _without_variable(data)


def _without_variable(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value is not None or not key.endswith("pat_env")}


def schema_text() -> str:
    """Return the JSON Schema of a manifest (draft 2020-12), as the package ships it."""
    return resources.files("conformance.arrange").joinpath("manifest.schema.json").read_text("utf-8")


def read_manifest(path: Path) -> Manifest:
    """Return the manifest in a file.

    Raises:
        InvalidManifest: the file cannot be read or is not a manifest.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InvalidManifest(
            Text("it cannot be read ({why})", "无法读取（{why}）").format(why=error.strerror or error)
        ) from None
    try:
        return parse_manifest(parse(decode(raw)))
    except NotStrictJson as fault:
        raise InvalidManifest(fault.reason) from None


def parse_manifest(data: Any) -> Manifest:
    """Return a manifest from its JSON value.

    Raises:
        InvalidManifest: the value is not a manifest.
    """
    faults = sorted(_validator().iter_errors(data), key=lambda error: error.validator != "additionalProperties")
    if faults:
        raise InvalidManifest(_words(faults[0]))
    manifest = Manifest(
        items=tuple(ManifestEntry(**entry) for entry in data["items"]),
        cloud_environment_id=data["cloud_environment_id"],
        second_environment_id=data["second_environment_id"],
        cloud_environment_pat_env=data.get("cloud_environment_pat_env"),
        second_environment_pat_env=data.get("second_environment_pat_env"),
    )
    _refuse_contradictions(manifest)
    return manifest


def _refuse_contradictions(manifest: Manifest) -> None:
    """Check what the schema cannot express: duplicate items, and items in an environment that must not have any."""
    seen: dict[tuple[str, str], int] = {}
    tokens: dict[str, str | None] = {}
    for number, entry in enumerate(manifest.items):
        if tokens.setdefault(entry.environment_id, entry.pat_env) != entry.pat_env:
            words = Text(
                "items[{n}].pat_env: differs from that of an earlier item of this environment",
                "items[{n}].pat_env：与前面属于同一环境的 item 不同",
            )
            raise InvalidManifest(words.format(n=number))
        first = seen.setdefault((entry.environment_id, entry.work_id), number)
        if first != number:
            words = Text(
                "items[{n}].work_id: the same item as items[{m}]", "items[{n}].work_id：与 items[{m}] 是同一个 item"
            )
            raise InvalidManifest(words.format(n=number, m=first))
        for name in ("cloud_environment_id", "second_environment_id"):
            if entry.environment_id == getattr(manifest, name) and (entry.delivered or name.startswith("cloud")):
                words = Text(
                    "{name}: items[{n}] belongs to this environment; name another one, or null",
                    "{name}：items[{n}] 属于该环境；请填写其他环境，或 null",
                )
                raise InvalidManifest(words.format(name=name, n=number))
    if manifest.cloud_environment_id is not None and manifest.cloud_environment_id == manifest.second_environment_id:
        raise InvalidManifest(
            Text(
                "second_environment_id: the same as cloud_environment_id",
                "second_environment_id：与 cloud_environment_id 相同",
            )
        )


@cache
def _validator() -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # slow to import, and most runs have no manifest

    return Draft202012Validator(json.loads(schema_text()))


def _words(error: ValidationError) -> Text:
    """Return where in the file a violation is, and what is wrong there."""
    place = _place(error.absolute_path)
    instance: Any = error.instance
    wanted: Any = error.validator_value
    schema: Any = error.schema
    if error.validator == "additionalProperties":
        return _unknown_key(place, instance, schema["properties"])
    if error.validator == "required":
        missing = next(name for name in wanted if name not in instance)
        return Text("{place}: missing required key", "{place}：缺少必需的键").format(place=_below(place, missing))
    return Text("{place}: expected {expected}, found {found}", "{place}：应为 {expected}，实际为 {found}").format(
        place=place or Text("the file", "文件"), expected=_expected(error), found=_shown(instance)
    )


def _unknown_key(place: str, instance: Mapping[str, Any], known: Iterable[str]) -> Text:
    names = list(known)
    unknown = next(name for name in instance if name not in names)
    near = nearest(unknown, names)
    if near is not None:
        words = Text("{place}: unknown key; did you mean {near!r}?", "{place}：未知的键；是否应为 {near!r}？")
        return words.format(place=_below(place, _printable(unknown)), near=near)
    words = Text("{place}: unknown key; the keys are {names}", "{place}：未知的键；可用的键有 {names}")
    return words.format(place=_below(place, _printable(unknown)), names=", ".join(names))


def _expected(error: ValidationError) -> Text:
    value: Any = error.validator_value
    match error.validator:
        case "type":
            kinds = [_TYPES[kind] for kind in ([value] if isinstance(value, str) else value)]
            return Text(" or ".join(kind.en for kind in kinds), " 或 ".join(kind.zh for kind in kinds))
        case "enum":
            return _either(value)
        case "const":
            return _either([value])
        case "pattern" if "worker_id" in error.absolute_path:
            return Text("2 to 64 letters, digits, `.`, `_` or `-`", "2 至 64 个字母、数字、`.`、`_` 或 `-`")
        case "pattern" if str(error.absolute_path[-1]).endswith("pat_env"):
            return Text("the name of an environment variable", "环境变量名")
        case "minItems":
            return Text("at least one item", "至少一个 item")
        case _:
            return Text("a usable id (1 to 256 characters)", "可用的 id（1 至 256 个字符）")


def _either(values: Iterable[Any]) -> Text:
    shown = [json.dumps(value) for value in values]
    return Text(" or ".join(shown), " 或 ".join(shown))


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return _printable(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)


def _place(path: Iterable[str | int]) -> str:
    place = ""
    for part in path:
        place = f"{place}[{part}]" if isinstance(part, int) else _below(place, part)
    return place


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
