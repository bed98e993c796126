"""The commands, a file each: what a person types, given to what does it, and told."""
