"""Finds and loads the files derived from the documentation, in an installed package or in a checkout."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parents[1]


class SchemaFilesMissing(FileNotFoundError):
    """The derived files are neither in the installed package nor in a checkout."""


@cache
def schema_folder() -> Path:
    """Return the folder of schemas: inside an installed package, else beside it in a checkout.

    Raises:
        SchemaFilesMissing: there is no such folder.
    """
    for folder in (_PACKAGE / "schemas", _PACKAGE.parent / "schemas"):
        if (folder / "en").is_dir():
            return folder
    raise SchemaFilesMissing(
        "the schemas are neither in the installed package (conformance/schemas) nor in a checkout (schemas, next to"
        " conformance): install the package again"
    )


@cache
def load_derived_file(name: str) -> Mapping[str, Any]:
    """Return a derived file by its path, for example `en/error_409.schema.json`. Do not modify the result: it is cached.

    Raises:
        SchemaFilesMissing: there is no such file.
    """
    try:
        data: Mapping[str, Any] = json.loads((schema_folder() / name).read_text("utf-8"))
    except FileNotFoundError:
        raise SchemaFilesMissing(f"{schema_folder() / name} is missing: install the package again") from None
    return data
