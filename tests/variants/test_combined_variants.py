"""Fifty combinations of five variants are conformant as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.emulator.variants import Variant, combinations
from tests.variants.variant_runs import check_conformant

FIFTY = combinations(50, 5, seed=5)


@pytest.mark.parametrize("variants", FIFTY, ids=lambda variants: ",".join(variant.id for variant in variants))
def test_a_combination_is_conformant(variants: tuple[Variant, ...], tmp_path: Path) -> None:
    check_conformant(variants, tmp_path / "run")
