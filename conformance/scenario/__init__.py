"""What a scenario is: the requests it sends, and the expectations that its responses must meet."""
