"""A run's directory: opened and closed, locked, looked through, told of, read back."""
