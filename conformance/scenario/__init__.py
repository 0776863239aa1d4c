"""What a scenario is: a conversation with the target, and what must hold afterwards."""
