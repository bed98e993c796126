"""edge: the learning rate at which descent stops being stable, measured."""

import click

from linreg_sweep.commands.options import SEVERAL, several, with_format, with_overrides, with_selection
from linreg_sweep.terminal.console import notes, print_table, say, say_all


@click.command(
    short_help="Measure the learning rate at which descent stops being stable.", context_settings=SEVERAL
)
@click.pass_context
@click.argument("sweep")
@with_overrides
@with_selection
@with_format
def edge(
    ctx: click.Context,
    sweep: str,
    overrides: tuple[str, ...],
    columns: tuple[str, ...],
    sort: str | None,
    top: int | None,
    style: str,
) -> None:
    """Close in on the learning rate at which a SWEEP's descent stops being stable, by bisection.

    The declared engine trains pairs of trials; a learning rate is stable if their difference does not
    grow. The stability limit by theory is shown beside it; for randomly drawn batches it is the limit in
    mean square.
    """
    from linreg_sweep.edge_search import edge as measure
    from linreg_sweep.terminal.choosing import selected
    from linreg_sweep.text.checks import edge_table, format_edges

    measured = measure(sweep, overrides=several(ctx, overrides, lambda text: "=" in text))
    notes(measured.notes)
    table = selected(edge_table(measured, exact=style != "table"), columns, sort, top)
    print_table(table, style, columns)
    if style == "table":
        say()
        say_all(format_edges(measured))
