"""edge: the learning rate at which descent stops being stable, measured."""

import click

from linreg_sweep.commands.options import Asked, Several, with_overrides, with_table
from linreg_sweep.terminal.console import notes, say, say_all


@click.command(cls=Several, short_help="Measure the learning rate at which descent stops being stable.")
@click.argument("sweep")
@with_overrides
@with_table()
def edge(sweep: str, overrides: tuple[str, ...], asked: Asked) -> None:
    """Close in on the learning rate at which a SWEEP's descent stops being stable, by bisection.

    The declared engine trains pairs of trials; a learning rate is stable if their difference does not
    grow. The stability limit by theory is shown beside it; for randomly drawn batches it is the limit in
    mean square.
    """
    from linreg_sweep.edge_search import edge as measure
    from linreg_sweep.text.checks import edge_table, format_edges

    measured = measure(sweep, overrides=overrides)
    notes(measured.notes)
    asked.show(edge_table(measured, exact=asked.style != "table"))
    if asked.style == "table":
        say()
        say_all(format_edges(measured))
