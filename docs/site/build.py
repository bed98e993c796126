"""Builds the site: `python docs/site/build.py FOLDER`, which `make docs` runs. Every warning is an error.

Sphinx reads a copy of docs in which a comment such as `<!-- made: commands -->` has become what the code
says, so that the reference follows it, and which holds the pages above docs as well. On GitHub the comments
are not seen.
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import columns
import commands
import keys
import python_names
from navigation import ABOVE, PAGES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

MAKERS = {
    "commands": commands.text,
    "keys": keys.text,
    "columns": columns.text,
    "python": python_names.text,
}
"""What stands for each comment."""

ALSO = ("LICENSE", "CITATION.cff", "configs/*.yaml", "sweeps/*.yaml", "data/*.csv")
"""Files above docs that pages link to."""

MADE = re.compile(r"<!-- made: (\w+) -->")
LINK = re.compile(r"(\]\()([^)\s#:]+)(?=[#)])")


def main(out: Path) -> int:
    """Builds the site into a folder; returns the exit code."""
    from sphinx.cmd.build import build_main

    with tempfile.TemporaryDirectory() as folder:
        gather(Path(folder))
        here = str(Path(__file__).parent)
        return build_main(["-b", "html", "-W", "--keep-going", "-q", "-c", here, folder, str(out)])


def gather(source: Path) -> None:
    """Writes all that Sphinx reads into a folder."""
    skipped = shutil.ignore_patterns("site", "*.py", "__pycache__")
    shutil.copytree(DOCS, source, dirs_exist_ok=True, ignore=skipped)
    for pattern in ALSO:
        for path in ROOT.glob(pattern):
            copy = source / path.relative_to(ROOT)
            copy.parent.mkdir(exist_ok=True)
            shutil.copy(path, copy)
    for path in (*DOCS.glob("*.md"), *(ROOT / name for name in ABOVE)):
        name = ABOVE.get(path.relative_to(ROOT).as_posix(), path.name)
        text = page(path)
        if name == "index.md":
            text += "\n".join(_navigation())
        (source / name).write_text(text, encoding="utf-8")


def page(path: Path) -> str:
    """Returns a page with what the code says, and links that find their pages on the site."""
    text = MADE.sub(lambda found: MAKERS[found[1]](), path.read_text(encoding="utf-8"))
    return LINK.sub(lambda found: found[1] + _on_the_site(path, found[2]), text)


def _on_the_site(page: Path, link: str) -> str:
    """Returns where a link leads on the site, all of whose pages lie in one folder."""
    target = (page.parent / link).resolve()
    if not target.is_relative_to(ROOT):
        return link
    path = target.relative_to(ROOT).as_posix()
    return ABOVE.get(path, path.removeprefix("docs/"))


def _navigation() -> Iterator[str]:
    for caption, names in PAGES.items():
        yield f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n"
        yield from (f"{title} <{name}>" for name, title in names.items())
        yield "```"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
