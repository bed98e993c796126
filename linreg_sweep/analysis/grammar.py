"""The one grammar of comparisons, from text to a tree; `reports/scripts/where.js` has the same for the page.

    any        = all ("or" all)*
    all        = one ("and" one)*
    one        = "not" one | "(" any ")" | comparison
    comparison = value (sign value)+ ["in" list] | value ["not"] "in" list
    list       = ("(" | "[") value ("," value)* [","] (")" | "]")

A value is a number as YAML reads it, a text in quotes, a column (in backquotes where its name needs them),
or a bare word, which is a column or else a text. tests/facts/comparisons.json holds both readers to this.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NoReturn

from linreg_sweep.config.scalars import ScalarError, read_scalar
from linreg_sweep.words import shorten

LONGEST = 2000
"""Characters of a comparison."""

DEEPEST = 50
"""Levels of `not` and parentheses."""

SIGNS = ("<", "<=", "==", "=", "!=", ">=", ">")
"""What compares two values; `=` is another way to write `==`."""

MEANT = {
    "===": "==",
    "is": "==",
    "like": "==",
    "<>": "!=",
    "=<": "<=",
    "=>": ">=",
    "!": "not",
    "&": "and",
    "&&": "and",
    "|": "or",
    "||": "or",
    ";": "and",
    ",": "and, or a number without commas",
    "inf": ".inf",
    "+inf": ".inf",
    "-inf": "-.inf",
}
"""What other languages write, and what is written here."""

_TOKEN = re.compile(
    r"""([ \t\r\n\xa0]*)("[^"]*"|'[^']*'|`[^`]*`|[<>=!]+|[()\[\],]|[^ \t\r\n\xa0<>=!()\[\],"'`]+)?"""
)

Kind = Literal["number", "text", "word", "column"]


class GrammarError(ValueError):
    """A text that is no comparison; its arguments are where (a character, from 1), what and a hint."""

    def __init__(self, at: int, text: str, hint: str = "") -> None:
        super().__init__(at, text, hint)
        self.at, self.text, self.hint = at, text, hint


@dataclass(frozen=True)
class Value:
    """A side of a comparison: what stands there, what it is, and at which character."""

    of: float | str
    kind: Kind
    at: int


@dataclass(frozen=True)
class Compare:
    """Two values and a sign between them."""

    left: Value
    sign: str
    right: Value


@dataclass(frozen=True)
class Not:
    """What does not hold."""

    part: "Tree"


@dataclass(frozen=True)
class Join:
    """Parts of which all hold (`and`) or any does (`or`)."""

    word: Literal["and", "or"]
    parts: "tuple[Tree, ...]"


Tree = Compare | Not | Join


def parse(text: str) -> Tree:
    """Returns the tree of a comparison.

    Raises:
        GrammarError: it is none: where it ends to be one, and what was expected there.
    """
    if len(text) > LONGEST:
        raise GrammarError(LONGEST + 1, f"must have at most {LONGEST:,} characters, got {len(text):,}")
    return _Parser(_tokens(text)).whole()


def is_one_word(name: str) -> bool:
    """Returns whether the name of a column stands for it as it is, without backquotes."""
    found = _TOKEN.fullmatch(name)
    return found is not None and found[2] == name


def quoted(text: object) -> str:
    """Returns a piece of a comparison as messages show it, in the page as well."""
    return f"'{shorten(str(text))}'"


def _tokens(text: str) -> list[tuple[str, int]]:
    """Returns the words, signs and marks of a text, each with its character; at the end an empty one."""
    tokens, place = [], 0
    while match := _TOKEN.match(text, place):
        place = match.end()
        if match[2] is None:
            break
        tokens.append((match[2], match.start(2) + 1))
    if place < len(text):
        raise GrammarError(place + 1, f"the quote {text[place]} is never closed", "add the closing quote")
    return [*tokens, ("", len(text) + 1)]


class _Parser:
    def __init__(self, tokens: list[tuple[str, int]]) -> None:
        self._tokens, self._next, self._depth = tokens, 0, 0

    @property
    def _token(self) -> str:
        return self._tokens[self._next][0]

    def _takes(self, *words: str) -> str:
        """Returns the next token and passes it, if it is one of these; else nothing."""
        token = self._token.lower()
        self._next += token in words
        return token if token in words else ""

    def _expected(self, what: str) -> NoReturn:
        token, at = self._tokens[self._next]
        meant = MEANT.get(token.lower())
        found = quoted(token) if token else "the end"
        raise GrammarError(at, f"expected {what}, got {found}", f"write {meant}" if meant else "")

    def whole(self) -> Tree:
        tree = self._any()
        if self._token:
            self._expected("and, or, or the end")
        return tree

    def _any(self) -> Tree:
        return self._joined("or", lambda: self._joined("and", self._one))

    def _joined(self, word: Literal["and", "or"], part: Callable[[], Tree]) -> Tree:
        parts = [part()]
        while self._takes(word):
            parts.append(part())
        return _join(word, parts)

    def _one(self) -> Tree:
        self._depth += 1
        if self._depth > DEEPEST:
            raise GrammarError(
                self._tokens[self._next][1], f"more than {DEEPEST} levels of `not` and parentheses"
            )
        if self._takes("not"):
            tree: Tree = Not(self._one())
        elif self._takes("("):
            tree = self._any()
            if not self._takes(")"):
                self._expected("and, or, or )")
        else:
            tree = self._comparison()
        self._depth -= 1
        return tree

    def _comparison(self) -> Tree:
        parts: list[Tree] = []
        left = self._value("a comparison such as learning_rate < 0.005")
        while True:
            if sign := self._takes(*SIGNS):
                right = self._value(f"a value after {sign}")
                parts.append(Compare(left, "==" if sign == "=" else sign, right))
                left = right
            elif negated := self._takes("not", "in"):
                if negated == "not" and not self._takes("in"):
                    self._expected("in after not")
                parts.append(self._in_list(left, negated == "not"))
                break
            elif parts:
                break
            else:
                self._expected("<, <=, ==, !=, >=, > or in")
        return _join("and", parts)

    def _in_list(self, left: Value, negated: bool) -> Tree:
        opened = self._takes("(", "[") or self._expected("a list such as (converged, diverged)")
        closing = ")" if opened == "(" else "]"
        values = [self._value("a value")]
        while not self._takes(closing):
            if not self._takes(","):
                self._expected(f"a comma or {closing}")
            if self._takes(closing):
                break
            values.append(self._value(f"a value or {closing}"))
        parts = [Compare(left, "!=" if negated else "==", value) for value in values]
        return _join("and" if negated else "or", parts)

    def _value(self, what: str) -> Value:
        token, at = self._tokens[self._next]
        if not token or token[0] in "<>=!()[]," or token.lower() in ("and", "or", "not", "in"):
            self._expected(what)
        self._next += 1
        if token[0] in "\"'":
            return Value(token[1:-1], "text", at)
        if token[0] == "`":
            return Value(token[1:-1], "column", at)
        try:
            number = read_scalar(token)
        except ScalarError as error:
            raise GrammarError(at, *error.args) from None
        if isinstance(number, int | float) and not isinstance(number, bool):
            return Value(number, "number", at)
        return Value(token, "word", at)


def _join(word: Literal["and", "or"], parts: Sequence[Tree]) -> Tree:
    return parts[0] if len(parts) == 1 else Join(word, tuple(parts))
