"""The machine that the suite runs on: its errors, its limits, and files in the working directory."""
