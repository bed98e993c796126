"""A first config and sweep, for the tutorial or a person's data: their texts, and the files."""
