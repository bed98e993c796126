"""The reference of commands, from what click knows of them."""

import re
from collections.abc import Iterator
from inspect import cleandoc

import click
from tables import table

from linreg_sweep.cli import cli


def text() -> str:
    """Returns a section a command: its usage, its help, its options."""
    return "\n".join(line for command in cli.commands.values() for line in _section(command))


def _section(command: click.Command) -> Iterator[str]:
    name = str(command.name)
    context = click.Context(command, info_name=f"linreg-sweep {name}")
    yield f"\n### {name}\n"
    yield "```"
    yield context.command_path + " " + " ".join(command.collect_usage_pieces(context))
    yield "```\n"
    yield _as_prose(cleandoc(command.help or "")) + "\n"
    rows = [_option(record) for each in command.params if (record := each.get_help_record(context))]
    if rows:
        yield table(("option", "meaning"), rows) + "\n"


def _option(record: tuple[str, str]) -> tuple[str, str]:
    option, meaning = record
    return f"`{option}`", _as_prose(meaning)


def _as_prose(sentences: str) -> str:
    """Returns sentences in which options look like code, and nothing is taken for HTML."""
    escaped = re.sub(r"<(?=\w)", "\\<", sentences)
    return re.sub(r"(?<![`\w-])(--[a-z][a-z-]*)(?![`\w])", r"`\1`", escaped)
