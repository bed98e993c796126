"""`python -m linreg_sweep` is `linreg-sweep`."""

import sys

from linreg_sweep.cli import main

sys.exit(main())
