"""What may stand in the way of a run, looked at before one: each point with its mend."""
