"""Each variant alone is conformant; where it does not follow a SHOULD, that is a warning and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.emulator.variants import Variant, variants_of
from conformance.emulator.variants.work_operations import WORK_OPERATIONS
from tests.variants.variant_runs import check_conformant


@pytest.mark.parametrize("variant", variants_of("ack").values(), ids=variants_of("ack"))
def test_a_variant_is_conformant(variant: Variant, tmp_path: Path) -> None:
    check_conformant([variant], tmp_path / "run")


@pytest.mark.parametrize("variant", WORK_OPERATIONS, ids=lambda variant: variant.id)
def test_a_variant_of_another_operation_is_conformant(variant: Variant, tmp_path: Path) -> None:
    check_conformant([variant], tmp_path / "run", "work")
