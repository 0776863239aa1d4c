"""Brings a work item into a wanted state, journals what it makes, and cleans up."""
