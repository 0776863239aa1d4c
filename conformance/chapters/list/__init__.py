"""The test cases of list."""
