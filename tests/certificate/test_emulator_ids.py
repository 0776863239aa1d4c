"""The suite's own emulator is recognised by its ids, also in the variants that write them in another way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from conformance.certificate.emulator_ids import ENOUGH, is_emulator
from conformance.emulator.configuration import ServerConfig
from conformance.emulator.ids import IdGenerator
from conformance.emulator.variants.identifiers import IDENTIFIERS
from conformance.exchange import Transcript
from tests.certificate.conftest import Certified

SPELT = {variant.id: variant for variant in IDENTIFIERS if variant.group == "ids"}
UNMARKED = "numbers"
"""Ten digits have no place for a mark."""


def ids(variant: str | None, number: int) -> list[str]:
    def clock() -> datetime:
        return datetime.now(UTC)

    generator = IdGenerator(clock)
    if variant is not None:
        generator = SPELT[variant].change(ServerConfig()).mint(clock)
    return [generator.new_id("work_") for _ in range(number)]


def transcript_with(names: list[str], certified: Certified) -> Transcript:
    [first, *_] = certified.bundle.evidence().transcripts.values()
    exchange = first.exchanges[0]
    urls = [f"https://api.example/v1/environments/env_1/work/{name}?beta=1" for name in names]
    return replace(
        first, exchanges=tuple(replace(exchange, request=replace(exchange.request, url=url)) for url in urls)
    )


@pytest.mark.parametrize("variant", [None, *SPELT])
def test_ids_of_the_emulator(variant: str | None, certified: Certified) -> None:
    names = ids(variant, ENOUGH)
    assert is_emulator([transcript_with(names, certified)]) == (variant != UNMARKED)
    assert not is_emulator([transcript_with([*names[1:], names[1]], certified)]), "too few distinct ones"


@pytest.mark.parametrize("variant", [None, *SPELT])
def test_ids_of_others(variant: str | None, certified: Certified) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("conformance.emulator.ids.MARK_KEY", b"a vendor's")
        names = ids(variant, 200)
    assert not is_emulator([transcript_with(names, certified)])
