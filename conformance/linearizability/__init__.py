"""Whether some order of the operations on a work item explains every response, and if none does, the shortest counterexample."""
