"""Workers of the project's own: the reference worker, and defective and odd ones made from it. Imports nothing else."""
