"""What a run is bound to: a challenge, a product and the fingerprint of the key that will sign its certificate.

The plan contains the binding before the first request is sent. Requests carry its digest, except those of scenarios
that show nothing of the suite. The seed follows from binding and run, and with it every random name of the run. To a
worker the suite sends no request: there the ids that the scripted server hands out follow from binding and run.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from conformance.product_names import LONGEST_NAME, NAMED_THINGS, is_line, name_problem
from conformance.target import ConfigurationError

BINDING_HEADER: Final = "Work-Conformance-Binding"
MAX_BYTES: Final = 64 << 10

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")
_KEYS: Final = (*NAMED_THINGS, "key")
_SEEDS: Final = 2**31


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The challenge, the product, and the fingerprint of its vendor's key. `marked`: requests carry the digest.

    Raises:
        ValueError: a value is not one printable line, or the key is no fingerprint.
    """

    challenge: str
    vendor: str
    product: str
    version: str
    key: str
    marked: bool = True

    def __post_init__(self) -> None:
        if not all(map(is_line, (self.challenge, self.vendor, self.product, self.version))):
            raise ValueError("a value is not one printable line")
        if not isinstance(self.key, str) or not _FINGERPRINT.fullmatch(self.key) or not isinstance(self.marked, bool):
            raise ValueError("not a fingerprint")

    @property
    def digest(self) -> str:
        """The SHA-256 digest of everything but the mark, in hexadecimal."""
        values = {name: getattr(self, name) for name in ("challenge", *_KEYS)}
        text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    @property
    def mark(self) -> str | None:
        """The digest that requests carry; None for none."""
        return self.digest if self.marked else None

    def seed(self, run_id: str) -> int:
        """Return the seed of the run with this id."""
        return int.from_bytes(hashlib.sha256(f"{self.digest} {run_id}".encode()).digest()[:8], "big") % _SEEDS

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object that `from_json` reads back to an equal value."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: object) -> Binding:
        """Read what `to_json` wrote.

        Raises:
            ValueError: a part is missing, unknown or malformed.
        """
        if not isinstance(data, Mapping) or set(data) != {field.name for field in fields(cls)}:
            raise ValueError("not a binding")
        return cls(**data)


def is_binding_header(name: str) -> bool:
    """Return whether a header of that name carries the digest of a binding."""
    return name.lower() == BINDING_HEADER.lower()


def binding_from_options(values: Mapping[str, Any]) -> Binding | None:
    """Return what a run is bound to by its options; None for a run without `--challenge`.

    Raises:
        ConfigurationError: an option lacks the other one, contradicts it, or cannot be used.
    """
    challenge, product, no_mark = values.get("challenge"), values.get("for"), bool(values.get("no_mark"))
    if challenge is None and product is None:
        if no_mark:
            raise ConfigurationError("--no-mark needs --challenge.", "--no-mark 需要 --challenge。")
        return None
    if challenge is None or product is None:
        raise ConfigurationError(
            "--challenge and --for need each other: the verifier's text, and the file that names the product.",
            "--challenge 与 --for 须同时给出：前者为验证方的文字，后者为产品文件。",
        )
    if values.get("seed") is not None:
        raise ConfigurationError(
            "--seed contradicts --challenge, which determines the seed; omit one of them.",
            "--seed 与 --challenge 矛盾：这样的运行由 challenge 决定种子；请去掉其中之一。",
        )
    return read_binding(challenge, Path(product), marked=not no_mark)


def read_binding(challenge: str, path: Path, *, marked: bool) -> Binding:
    """Return the binding of a run to a challenge and to the product in a TOML file.

    Raises:
        ConfigurationError: the challenge is not one printable line, or the file cannot be used.
    """
    if not is_line(challenge):
        raise ConfigurationError(
            f"--challenge: give one printable line of at most {LONGEST_NAME} characters.",
            f"--challenge：请给出一行可打印文字，至多 {LONGEST_NAME} 个字符。",
        )
    data = _table(path)
    unknown = sorted(set(data) - set(_KEYS))
    missing = [name for name in _KEYS if name not in data]
    if unknown or missing:
        names, wrong = ", ".join(_KEYS), ", ".join(unknown or missing)
        raise ConfigurationError(
            f"--for {path}: the keys are {names}; {'unknown' if unknown else 'missing'}: {wrong}.",
            f"--for {path}：键为 {names}；{'未知' if unknown else '缺少'}：{wrong}。",
        )
    for name in NAMED_THINGS:
        problem = name_problem(name, data[name])
        if problem is not None:
            raise ConfigurationError(f"--for {path}: {name}: {problem.en}.", f"--for {path}：{name}：{problem.zh}。")
    try:
        return Binding(challenge=challenge, marked=marked, **data)
    except (ValueError, TypeError):
        raise ConfigurationError(
            f"--for {path}: key is not a fingerprint; write the 64 digits that `work-conformance key` prints.",
            f"--for {path}：key 不是指纹；请写入 `work-conformance key` 输出的 64 位数字。",
        ) from None


def _table(path: Path) -> dict[str, Any]:
    try:
        if path.exists() and not path.is_file():
            raise ConfigurationError(f"--for: {path} is not a regular file.", f"--for：{path} 不是普通文件。")
        with path.open("rb") as file:
            return tomllib.loads(file.read(MAX_BYTES).decode("utf-8"))
    except OSError as error:
        why = error.strerror
        raise ConfigurationError(
            f"--for: {path} cannot be read ({why}).", f"--for：无法读取 {path}（{why}）。"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigurationError(
            f"--for: {path} is not TOML ({error}).", f"--for：{path} 不是 TOML（{error}）。"
        ) from None
