"""schema: the JSON Schema of configs and sweeps."""

import click

from linreg_sweep.terminal.console import say


@click.command(short_help="Print the JSON Schema of configs and sweeps.")
def schema() -> None:
    """Print the JSON Schema of configs and sweeps, for editors."""
    import json

    from linreg_sweep.config.json_schema import json_schema

    say(json.dumps(json_schema(), indent=2))
