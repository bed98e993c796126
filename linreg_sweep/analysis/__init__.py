"""From the columns of trials to answers: counts, summaries, the best, the edge. No files."""
