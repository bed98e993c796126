"""The reference of the Python package: every public name, for Sphinx to describe from its docstring."""

from collections.abc import Iterator

import linreg_sweep


def text() -> str:
    """Returns functions, then classes, then errors."""
    names = linreg_sweep.__all__
    classes = [name for name in names if name[0].isupper()]
    errors = [name for name in classes if name.endswith("Error")]
    results = [name for name in classes if name not in errors]
    functions = [name for name in names if name not in classes]
    return "\n".join(
        (
            "\n## Functions\n",
            *_described(functions, "function"),
            "\n## What they return\n",
            *_described(results, "class", ":members:"),
            "\n## Errors\n",
            *_described(errors, "exception", ":show-inheritance:"),
        )
    )


def _described(names: list[str], kind: str, *options: str) -> Iterator[str]:
    for name in names:
        yield f"\n### {name}\n\n```{{eval-rst}}\n.. auto{kind}:: linreg_sweep.{name}"
        yield from (f"   {option}" for option in options)
        yield "```"
