"""Checks whether some order of the operations explains all responses, and finds the shortest counterexample if none does."""
