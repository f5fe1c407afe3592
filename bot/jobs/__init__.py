"""Face: timed jobs that call services."""
