"""How fast the suite is, as ratios: `python -m tests.benchmarks`, by hand.

A ratio is a pair of measurements in one run on one machine, so it means the same on a slow machine as on a fast one.
Servers run in processes of their own. Nothing in here is a timed test.
"""
