"""Measures what docs/benchmarks.md quotes: `python -m benchmarks [SECTION ...]`, all sections without one."""

import sys
from importlib import import_module

from benchmarks.machine import machine

SECTIONS = {
    "million": "A million trials",
    "rows": "Rows",
    "loading": "Loading data",
    "people": "Against what people use",
    "descents": "Iterated descent",
    "tables": "Comparing and drawing",
    "scaling": "Scaling over workers",
}


def main() -> None:
    """Prints the sections that are asked for."""
    chosen = sys.argv[1:] or list(SECTIONS)
    unknown = [name for name in chosen if name not in SECTIONS]
    if unknown:
        sys.exit(f"there is no section {unknown[0]}: choose among {', '.join(SECTIONS)}")
    print(machine())
    for name in chosen:
        print(f"\n## {SECTIONS[name]}\n")
        import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
