"""A run's directory: opened and closed, locked, inspected, reported on, read back."""
