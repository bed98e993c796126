"""What comes from outside: text made safe to show, files opened, names that become paths."""
