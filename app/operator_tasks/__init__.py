"""What only a person of the host can settle: opened by jobs, listed by `flask doctor`."""
