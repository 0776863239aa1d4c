"""Contract-test conformance suite for the ack operation of the Qoder Cloud Agents Work API."""

__version__ = "0.1.0"
