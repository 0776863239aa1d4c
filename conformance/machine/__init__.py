"""The machine that the suite runs on: what it refuses, what it lacks, and what lies about in the working directory."""
