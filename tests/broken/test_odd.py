"""No odd but legal server is failed; where one does not follow a SHOULD, that is a warning and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.broken.model import Server, ids, judged
from tests.broken.odd import SERVERS


@pytest.mark.parametrize("subject", SERVERS, ids=lambda subject: subject.id)
def test_an_odd_server_is_conformant(subject: Server, tmp_path: Path) -> None:
    record = judged(subject, tmp_path / "run")

    assert ids(record, "failed") == frozenset()
    assert ids(record, "warned") == subject.warns
    assert ids(record, "not-exercised") == subject.skips
    assert ids(record, "inconclusive") == frozenset()
    assert record.decision.word == ("selection-held" if record.circumstances.selection else "conformant")
    assert record.decision.exit_code == 0
    assert record.circumstances.leftovers == ()
