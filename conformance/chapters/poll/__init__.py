"""The test cases of poll."""
