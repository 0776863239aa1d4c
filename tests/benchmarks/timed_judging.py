"""Judges a saved run and writes its reports: `python -m tests.benchmarks.timed_judging RUN_DIR` prints the seconds."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from conformance.evidence import read_evidence
from conformance.reporting.write import write_reports

if __name__ == "__main__":
    run = Path(sys.argv[1])
    evidence = read_evidence(run)
    with tempfile.TemporaryDirectory() as place:
        began = time.perf_counter()
        write_reports(evidence.rejudge(), Path(place), evidence.transcripts)
        sys.stdout.write(f"{time.perf_counter() - began}\n")
