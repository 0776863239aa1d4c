"""The contract of the ack operation, and what reads answers by it."""
