"""What runs when: the tick, each job's turn, and the log of runs."""
