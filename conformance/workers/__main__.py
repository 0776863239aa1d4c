"""Runs a worker of the project's own: the reference worker, or the defective one whose id is the argument."""

from __future__ import annotations

import sys

from conformance.workers.defects import WORKER_DEFECTS
from conformance.workers.reference import Worker, run

worker = WORKER_DEFECTS[sys.argv[1]].worker if len(sys.argv) > 1 else Worker
run(worker)
