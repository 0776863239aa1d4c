"""The suite's own emulator is recognised by its ids, also in the variants that write them in another way."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from conformance.certificate.emulator_ids import ENOUGH, is_emulator
from conformance.emulator import Tokens
from conformance.emulator.configuration import ServerConfig
from conformance.emulator.ids import IdGenerator, new_request_id
from conformance.emulator.variants import VARIANTS
from conformance.emulator.variants.identifiers import IDENTIFIERS
from conformance.emulator.variants.variant import Variant
from conformance.exchange import Transcript
from tests.certificate.conftest import Certified

SPELT = {variant.id: variant for variant in IDENTIFIERS if variant.group == "ids"}
UNMARKED = "numbers"
"""Ten digits have no place for a mark; servers of this variant are recognised by the ids of the requests."""


def ids(variant: str | None, number: int) -> list[str]:
    def clock() -> datetime:
        return datetime.now(UTC)

    generator = IdGenerator(clock)
    if variant is not None:
        generator = SPELT[variant].change(ServerConfig()).mint(clock)
    return [generator.new_id("work_") for _ in range(number)]


def transcript_with(names: list[str], certified: Certified, request_ids: Sequence[str] = ()) -> Transcript:
    """A transcript with one exchange for each id of an item, and for each of them a request id if there are any."""
    [first, *_] = certified.bundle.evidence().transcripts.values()
    exchange = first.exchanges[0]
    assert exchange.response is not None
    found = []
    for place, name in enumerate(names):
        url = f"https://api.example/v1/environments/env_1/work/{name}?beta=1"
        headers = (("X-Request-Id", request_ids[place]),) if request_ids else ()
        request, response = replace(exchange.request, url=url), replace(exchange.response, headers=headers)
        found.append(replace(exchange, request=request, response=response))
    return replace(first, exchanges=tuple(found))


@pytest.mark.parametrize("variant", [None, *SPELT])
def test_ids_of_the_emulator(variant: str | None, certified: Certified) -> None:
    names = ids(variant, ENOUGH)
    assert is_emulator([transcript_with(names, certified)]) == (variant != UNMARKED)
    assert not is_emulator([transcript_with([*names[1:], names[1]], certified)]), "too few distinct ones"


def test_request_ids_of_the_emulator(certified: Certified) -> None:
    names = ids(UNMARKED, ENOUGH)
    marked = [new_request_id() for _ in range(ENOUGH)]
    assert is_emulator([transcript_with(names, certified, marked)])
    assert not is_emulator([transcript_with(names, certified, [*marked[1:], marked[1]])]), "too few distinct ones"
    assert not is_emulator([transcript_with(names, certified, [str(uuid.uuid4()) for _ in names])]), "a vendor's"


async def request_ids_of(variant: Variant) -> list[str]:
    transport = httpx.ASGITransport(variant.change(ServerConfig()).build(Tokens.generate()))
    async with httpx.AsyncClient(transport=transport, base_url="http://emulator") as client:
        responses = [await client.get("/api/v1/cloud/environments/env_1/work/work_1") for _ in range(ENOUGH)]
    return [response.headers["x-request-id"] for response in responses]


def test_every_variant_marks_its_request_ids(certified: Certified) -> None:
    for variant in VARIANTS.values():
        request_ids = asyncio.run(request_ids_of(variant))
        assert is_emulator([transcript_with(ids(UNMARKED, ENOUGH), certified, request_ids)]), variant.id


@pytest.mark.parametrize("variant", [None, *SPELT])
def test_ids_of_others(variant: str | None, certified: Certified) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("conformance.emulator.ids.MARK_KEY", b"a vendor's")
        names = ids(variant, 200)
    assert not is_emulator([transcript_with(names, certified)])
