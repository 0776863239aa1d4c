"""Which suite judged: versions, and digests of the installed files that verdicts depend on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

import conformance
from conformance.contract.catalogue import load_catalogue
from conformance.contract.schema_files import schema_folder
from conformance.text import Text

Part = Literal["suite", "schemas", "catalogue", "contract-sheets"]

PARTS: Final[dict[Part, Text]] = {
    "suite": Text("the suite's files", "套件文件"),
    "schemas": Text("the schemas", "JSON Schema 文件"),
    "catalogue": Text("the requirement set", "要求集"),
    "contract-sheets": Text("the paraphrased spec", "转述规范"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A suite and its requirement set; `digests` are SHA-256 in hexadecimal, one for each of the `PARTS`."""

    version: str
    catalogue_version: str
    digests: Mapping[Part, str]


@cache
def installed_suite() -> Suite:
    """Return the running suite."""
    package = Path(conformance.__file__).resolve().parent
    schemas = schema_folder()
    contract = package / "contract"
    sheets = set(_files(schemas / "docs"))
    catalogue = [contract / "catalogue.toml", contract / "ambiguities.toml", *_files(contract / "requirements")]
    own = [path for path in _files(package) if not path.is_relative_to(package / "schemas")]
    return Suite(
        version=conformance.__version__,
        catalogue_version=load_catalogue().version,
        digests={
            "suite": _digest(package, own),
            "schemas": _digest(schemas, [path for path in _files(schemas) if path not in sheets]),
            "catalogue": _digest(contract, catalogue),
            "contract-sheets": _digest(schemas / "docs", sorted(sheets)),
        },
    )


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of an installation, without hidden files and Python's caches."""
    for path in folder.rglob("*"):
        names = path.relative_to(folder).parts
        if path.is_file() and "__pycache__" not in names and not any(name.startswith(".") for name in names):
            yield path


def _digest(root: Path, files: list[Path]) -> str:
    """Return the digest of a listing as `sha256sum` prints it, sorted by path, so that it can be reproduced by hand."""
    listing = sorted(
        (path.relative_to(root).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()) for path in files
    )
    return hashlib.sha256("".join(f"{digest}  {name}\n" for name, digest in listing).encode()).hexdigest()
