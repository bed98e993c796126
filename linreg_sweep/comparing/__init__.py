"""Runs set side by side: configs, trials, summaries."""
