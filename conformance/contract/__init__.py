"""The contract of the ack operation: requirements, schemas and the model that judge responses."""
