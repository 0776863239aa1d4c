"""pytest as the engine inside a command: what it changes in the process, and puts back."""

from __future__ import annotations

import gc

from conformance.cli.pytest_invocation import reduce_garbage_collection


def test_garbage_is_looked_for_more_rarely_only_as_long_as_a_run_takes() -> None:
    before = gc.get_threshold()
    with reduce_garbage_collection():
        assert gc.get_threshold()[0] > 10 * before[0]
        assert gc.isenabled()
    assert gc.get_threshold() == before
