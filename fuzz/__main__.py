"""`python -m fuzz`: feeds cases, and says what came of them; exit code 1 where anything escaped."""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from fuzz.cases import case
from fuzz.watch import Limits, Outcome, watched


def main() -> int:
    """Runs the cases that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=130_000, help="how many [130000]")
    parser.add_argument("--seed", type=int, default=0, help="other cases for another seed [0]")
    parser.add_argument("--jobs", type=int, default=2, help="processes [2]")
    parser.add_argument("--seconds", type=float, default=20, help="that a case may take [20]")
    parser.add_argument("--gigabytes", type=float, default=4, help="of memory that a process may have [4]")
    parser.add_argument("--case", type=int, help="write the content of this case to stdout, and feed nothing")
    parser.add_argument("--save", default="fuzz-escapes", help="folder for what escaped [fuzz-escapes]")
    given = parser.parse_args()
    if given.case is not None:
        sys.stdout.buffer.write(case(given.seed, given.case)[1])
        return 0
    started = time.monotonic()
    limits = Limits(given.seconds, int(given.gigabytes * 2**30))
    outcomes: list[Outcome] = []
    for outcome in watched(given.seed, given.cases, given.jobs, limits):
        outcomes.append(outcome)
        if outcome.escape:
            file = _save(Path(given.save), given.seed, outcome)
            print(f"\n{file}:\n{outcome.escape[-2000:]}", file=sys.stderr)
        if len(outcomes) % 1000 == 0:
            print(f"\r{len(outcomes):,} of {given.cases:,}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    escapes = sum(bool(outcome.escape) for outcome in outcomes)
    took = f"{time.monotonic() - started:,.0f} s with {given.jobs} processes"
    print(f"{len(outcomes):,} cases of seed {given.seed}, {took}: {escapes} escapes")
    _report(given.seed, outcomes)
    return 1 if escapes else 0


def _save(folder: Path, seed: int, outcome: Outcome) -> Path:
    """Writes the content that something escaped from."""
    kind, content = case(seed, outcome.number)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{kind}-{seed}-{outcome.number}"
    file.write_bytes(content)
    return file


def _report(seed: int, outcomes: list[Outcome]) -> None:
    """Prints counts by kind, and the worst in time and memory."""
    verdicts = Counter((outcome.kind, outcome.verdict or "ESCAPED") for outcome in outcomes)
    by_kind = Counter(outcome.kind for outcome in outcomes)
    for kind, count in sorted(by_kind.items()):
        parts = [f"{n:,} {verdict}" for (other, verdict), n in sorted(verdicts.items()) if other == kind]
        print(f"{kind or 'unknown':>10}  {count:7,}: {', '.join(parts)}")
    slowest = max(outcomes, key=lambda outcome: outcome.seconds)
    middle = sorted(outcome.seconds for outcome in outcomes)[len(outcomes) // 2]
    print(f"time: median {1000 * middle:.1f} ms, slowest {slowest.seconds:.2f} s ({_what(seed, slowest)})")
    largest = max(outcomes, key=lambda outcome: outcome.grown)
    peak = max(outcome.peak for outcome in outcomes)
    print(f"memory: at most {_mebibytes(peak)} a process, libraries included")
    print(f"        one case added at most {_mebibytes(largest.grown)} ({_what(seed, largest)})")


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"


def _what(seed: int, outcome: Outcome) -> str:
    return f"case {outcome.number}, {outcome.kind} of {len(case(seed, outcome.number)[1]):,} bytes"


if __name__ == "__main__":
    sys.exit(main())
