"""The test cases of ack."""
