"""What is judged alike for every operation."""
