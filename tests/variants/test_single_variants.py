"""Each variant alone is conformant; where it does not follow a SHOULD, that is a warning and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.emulator.variants import VARIANTS, Variant
from tests.variants.variant_runs import check_conformant


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_a_variant_is_conformant(variant: Variant, tmp_path: Path) -> None:
    check_conformant([variant], tmp_path / "run")
