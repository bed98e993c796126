"""predict: what a trial's model says of the rows of a file."""

import click

from linreg_sweep.commands.options import say_file, with_output
from linreg_sweep.terminal.console import notes


@click.command(short_help="Predict the rows of a file by a run's best trial.")
@click.argument("run", metavar="RUN")
@click.argument("file", metavar="FILE")
@click.option("--trial", type=int, metavar="N", help="The trial whose model to use. [default: the best]")
@with_output("The output file; - writes to stdout. [default: ./<file>-predicted.csv]")
def predict(run: str, file: str, trial: int | None, output: str | None) -> None:
    """Write the rows of FILE with a column predicted_<y> added, from the best trial of RUN.

    RUN is a run's directory, or a file that `export RUN --to model` wrote. FILE is text, Parquet or .xlsx and
    has the features among its columns, in any order; where it has y as well, the fit is measured. The
    output is CSV: the cells of FILE as they are, and predictions with a decimal point. Where settings
    were compared over folds, the best one is trained on all rows first. The last line is the file.
    """
    from pathlib import Path

    from linreg_sweep.predicting import model_at, predict_file, write_predictions

    path = Path(file)
    found = predict_file(model_at(run, trial), path)
    to = f"{path.name.partition('.')[0]}-predicted.csv" if output is None else output
    write_predictions(found, to)
    notes(found.notes)
    say_file(to)
