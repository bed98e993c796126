"""Kills until it is enough, and prints what came of it: `python -m chaos [local|dask] [--kills N]`."""

import argparse
import sys
import tempfile
from pathlib import Path

from chaos.local import Local
from chaos.on_dask import OnDask

ENOUGH = {"local": 200, "dask": 110}
"""Kills; on Dask three in seven are of the command, the others of workers and the scheduler."""


def main() -> None:
    """Runs what is asked for; the exit code is 1 if anything went wrong."""
    asking = argparse.ArgumentParser("chaos", description="Kill sweeps at random moments, and see them mend.")
    asking.add_argument(
        "where", nargs="?", choices=ENOUGH, help="on this machine alone, or on Dask; else both"
    )
    asking.add_argument("--kills", type=int, help="at least so many; 200 here and 110 on Dask without it")
    asking.add_argument("--seed", type=int, default=0, help="of who is killed, how and when")
    asked = asking.parse_args()
    n_troubles = 0
    for where in [asked.where] if asked.where else ENOUGH:
        with tempfile.TemporaryDirectory(prefix="chaos-") as name:
            folder = Path(name)
            campaign = Local(folder, asked.seed) if where == "local" else OnDask(folder, asked.seed)
            report = campaign.until(ENOUGH[where] if asked.kills is None else asked.kills)
        print(f"## {where}, seed {asked.seed}\n\n{report.text()}\n", flush=True)
        n_troubles += len(report.troubles)
    sys.exit(n_troubles > 0)


if __name__ == "__main__":
    main()
