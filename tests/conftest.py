"""Which of the long tests a run takes: a sample drawn with a seed that is printed, or all.

Long tests hold whole runs of the suite on a server. `WORK_CONFORMANCE_ALL=1` takes every one of them (an hour
or more on two cores), `WORK_CONFORMANCE_SEED=N` draws the sample of that seed again.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import Final

import pytest

ALL: Final = bool(os.environ.get("WORK_CONFORMANCE_ALL"))
SEED: Final = os.environ.get("WORK_CONFORMANCE_SEED") or "1"
"""Fixed, so that a commit passes or fails alike on every day; a nightly job sets another one."""

ONE_OF: Final = {
    "tests/mutation/test_defects.py": 120,
    "tests/mutation/test_commands.py::test_a_real": 12,
    "tests/mutation/test_foreign_shapes.py::test_a_foreign": 160,
    "tests/mutation/test_foreign_shapes.py::test_a_poll_that_delivers_twice": 40,
    "tests/mutation/test_foreign_shapes.py::test_with_its": 3,
    "tests/variants/test_single_variants.py::test_a_variant_is_conformant[slow]": 60,
    "tests/variants/test_single_variants.py::test_a_variant_is_conformant[too-many-requests]": 60,
    "tests/variants/test_single_variants.py::test_a_variant_is_conformant[work-after-3-s]": 60,
    "tests/variants/test_single_variants.py": 48,
    "tests/variants/test_combined_variants.py": 40,
    "tests/variants/test_variant_behaviour.py::test_a_healthy": 8,
    "tests/variants/test_serve_variant.py": 2,
    "tests/worker/test_workers.py::test_a_defective": 32,
    "tests/worker/test_workers.py::test_an_unusual": 8,
    "tests/worker/test_workers.py::test_a_proof": 2,
    "tests/hostile/test_attacks.py": 32,
    "tests/hostile/test_combined_attacks.py": 24,
    "tests/hostile/test_time.py": 96,
    "tests/hostile/test_tls.py": 24,
    "tests/hostile/test_cleanup.py": 16,
    "tests/run_invariants/test_schedules.py": 96,
    "tests/run_invariants/test_endings.py": 16,
    "tests/run_invariants/test_plan_first.py": 8,
    "tests/evidence/test_replay.py": 16,
    "tests/certificate/test_other_suites.py": 4,
    "tests/certificate/test_commands.py": 4,
    "tests/comparison/test_command.py": 4,
    "tests/arrange/test_runs_on_manifests.py": 8,
    "tests/arrange/test_runs_on_command_items.py": 8,
    "tests/arrange/test_manifest_command.py": 8,
    "tests/arrange/test_long_lived_command.py": 10,
    "tests/arrange/test_environment_tokens.py": 8,
    "tests/vendor/": 8,
    "tests/network/test_chaos.py": 36,
    "tests/network/test_surroundings.py": 8,
    "tests/network/test_connection_errors.py": 8,
    "tests/races/": 24,
    "tests/stateful/test_explorer.py::test_an_odd": 40,
    "tests/stateful/test_explorer.py": 12,
    "tests/stateful/test_work_exploration.py::test_an_odd": 40,
    "tests/stateful/test_work_exploration.py": 10,
    "tests/stateful/test_readme.py::test_the_example": 6,
    "tests/allure/": 16,
    "tests/plugin/": 12,
    "tests/repeat/test_runs.py": 8,
    "tests/reporting/reproduction/test_defects.py": 300,
    "tests/machine/test_streams.py": 24,
    "tests/machine/test_signals.py": 20,
    "tests/machine/test_unusable_folders.py": 8,
    "tests/machine/test_limits.py": 12,
    "tests/machine/test_import_path.py": 8,
    "tests/machine/test_configuration.py": 3,
    "tests/plugin/test_other_plugins.py": 6,
    "tests/cli/test_base_url.py": 8,
    "tests/cli/test_bad_input.py": 4,
    "tests/cli/test_connection_options.py": 8,
    "tests/cli/test_endpoints.py::test_a_run": 3,
    "tests/cli/test_throttled.py": 4,
    "tests/cli/test_empty_values.py::test_plain_pytest": 6,
    "tests/cli/test_empty_values.py::test_an_empty_": 8,
    "tests/cli/test_canaries.py": 2,
    "tests/cli/test_clean.py": 3,
    "tests/cli/test_embedded.py": 8,
    "tests/cli/test_interrupted.py": 8,
    "tests/cli/test_secrets.py": 3,
    "tests/cli/test_selection.py": 8,
    "tests/cli/test_start.py": 6,
    "tests/cli/test_ci.py": 16,
    "tests/cli/test_progress.py": 6,
    "tests/cli/test_list_and_config.py": 2,
    "tests/cli/test_doctor.py": 3,
    "tests/browser/": 2,
    "tests/worker/test_hostile_workers.py": 2,
    "tests/worker/test_command.py::test_an_attached": 2,
    "tests/test_docs.py::test_offline_commands": 2,
    "tests/reporting/test_causes_of_defects.py": 3,
    "tests/client/test_http2.py": 3,
}
"""Of how many tests of a place the sample takes one."""


OF_BUILD_SERVERS: Final = re.compile(r"(CI$|CI_|GITHUB_|GITLAB_|JENKINS_|BUILD_(NUMBER|URL)$|JOB_NAME$)")


def pytest_configure() -> None:
    """The build server on which the tests run is not told of the runs that they hold: most of those are red on purpose."""
    for name in [name for name in os.environ if OF_BUILD_SERVERS.match(name)]:
        del os.environ[name]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the sample does not take; a test that was named on the command line is always taken."""
    if ALL or any("::" in argument or argument.endswith(".py") for argument in config.args):
        return
    taken = [item for item in items if _takes(item.nodeid)]
    config.hook.pytest_deselected(items=[item for item in items if not _takes(item.nodeid)])
    items[:] = taken


def pytest_report_header() -> str:
    """A sample says that it is one."""
    if ALL:
        return "long tests: all"
    return (
        f"long tests: a sample, seed {SEED}; those left out are counted as deselected"
        " (WORK_CONFORMANCE_SEED=N draws another, WORK_CONFORMANCE_ALL=1 takes all)"
    )


def _takes(nodeid: str) -> bool:
    share = next((share for place, share in ONE_OF.items() if nodeid.startswith(place)), 1)
    return share == 1 or int(hashlib.sha256(f"{SEED}:{nodeid}".encode()).hexdigest(), 16) % share == 0
