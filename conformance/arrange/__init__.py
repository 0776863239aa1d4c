"""Brings a work item into a required state, journals everything that a run creates, and cleans up."""
