"""Random problems, an oracle for each, and what is wrong with a fit: shared by tests and benchmarks."""
