"""The proof itself: that defects are complete, and that a proof tells a kill from anything else."""
