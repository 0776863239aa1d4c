"""Tests of profile `worker`."""
