"""Measures what docs/benchmarks.md quotes: `python -m benchmarks [SECTION ...]`, all sections without one.

What begins with a dash, and all that follows, are options of the section that takes some: `shapes --help`.
"""

import sys
from importlib import import_module
from itertools import takewhile

from benchmarks.machine import machine

SECTIONS = {
    "million": "A million trials",
    "rows": "Rows",
    "parameters": "Many parameters",
    "noise": "Theory of mini-batches",
    "loading": "Loading data",
    "people": "Against what people use",
    "descents": "Iterated descent",
    "shapes": "Iterated descent in every shape",
    "tables": "Comparing and drawing",
    "scaling": "Scaling over workers",
}


def main() -> None:
    """Prints the sections that are asked for."""
    named = [*takewhile(lambda word: not word.startswith("-"), sys.argv[1:])]
    options = sys.argv[1 + len(named) :]
    if options and named != ["shapes"]:
        sys.exit(f"only the section shapes takes options: python -m benchmarks shapes {options[0]}")
    chosen = named or list(SECTIONS)
    unknown = [name for name in chosen if name not in SECTIONS]
    if unknown:
        sys.exit(f"there is no section {unknown[0]}: choose among {', '.join(SECTIONS)}")
    if "--help" not in options:
        print(machine())
    for name in chosen:
        section = import_module(f"benchmarks.{name}")
        if "--help" not in options:
            print(f"\n## {SECTIONS[name]}\n", flush=True)
        section.main(options) if options else section.main()


if __name__ == "__main__":
    main()
