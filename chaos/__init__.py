"""Kills the command at random moments until a sweep is done, and looks whether anything was lost."""
