"""The test cases of update."""
