"""The operator: pages under /staff, for the people of the host and nobody else."""
