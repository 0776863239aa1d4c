"""Runs a worker of the project's own: the reference worker, or the defective or unusual one whose id is the argument."""

from __future__ import annotations

import sys

from conformance.workers.defects import WORKER_DEFECTS
from conformance.workers.reference import Worker, run
from conformance.workers.variants import WORKER_VARIANTS

workers = {defect.id: defect.worker for defect in WORKER_DEFECTS.values()}
workers |= {variant.id: variant.worker for variant in WORKER_VARIANTS.values()}
run(workers[sys.argv[1]] if len(sys.argv) > 1 else Worker)
