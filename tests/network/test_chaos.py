"""Whole runs through a network where everything goes wrong, by a seed: the verdict is the target's own."""

from __future__ import annotations

import pytest

from tests.network.chaos import Chaos
from tests.network.runs import DEFECTS_OF_THE_ACK, run_through

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

SEEDS = range(1, 13)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_healthy_server_never_fails(seed: int) -> None:
    """That it passes is likely and no certainty: what was lost too often is inconclusive."""
    outcome = run_through(seed, http2=seed % 2 == 0)
    assert outcome.exit_code in {0, 3}, (outcome.sentence, outcome.why)
    assert sum(outcome.met.values()) > 20, "the chaos was none"


@pytest.mark.parametrize("defect", DEFECTS_OF_THE_ACK)
def test_a_broken_server_fails_all_the_same(defect: str) -> None:
    seed = DEFECTS_OF_THE_ACK.index(defect)
    outcome = run_through(seed, defect=defect, http2=seed % 2 == 0)
    assert outcome.exit_code == 1, (outcome.sentence, outcome.why)


def test_a_seed_says_what_happens() -> None:
    first, second, other = Chaos(7), Chaos(7), Chaos(8)
    fates = [[chaos.fate() for _ in range(500)] for chaos in (first, second, other)]
    assert [fate.trouble for fate in fates[0]] == [fate.trouble for fate in fates[1]]
    assert [fate.trouble for fate in fates[0]] != [fate.trouble for fate in fates[2]]
