"""Pictures of runs: a run in, matplotlib's Axes out. One kind of picture a function, each on given Axes."""
