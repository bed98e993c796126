"""What the opening comment of an example says, its answer above all."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def comment(path: Path) -> dict[str, str]:
    """Returns the parts of an example's opening comment: Question, Run, Read, Answer."""
    opening = re.match(r"(#.*\n)+", path.read_text(encoding="utf-8"))
    assert opening is not None
    text = " ".join(line.lstrip("# ").strip() for line in opening[0].splitlines())
    parts = re.split(r"(Question|Run|Read|Answer):\s+", text)[1:]
    return {key: value.strip() for key, value in zip(parts[::2], parts[1::2], strict=True)}


def answer(kind: str, name: str) -> str:
    """Returns the answer that stands in an example's comment."""
    return comment(ROOT / kind / f"{name}.yaml")["Answer"]


def assert_says(text: str, *facts: str) -> None:
    """Asserts that an answer holds these words, each not as part of a longer number."""
    for fact in facts:
        assert re.search(rf"(?<![\d.]){re.escape(fact)}(?![\d]|\.\d)", text), f"{fact!r} is not in {text!r}"
