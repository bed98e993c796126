"""What PyYAML says about a text it cannot parse, in plain words."""

import re

import yaml

# What PyYAML says (the first that matches), what we say, and the hint.
_PLAIN = (
    (
        "mapping values are not allowed",
        "a ':' is not allowed here",
        "check the indentation, and put text that holds ': ' in quotes",
    ),
    (r"found character '\\t'", "a tab cannot indent", "use spaces"),
    (r"found character '(.)' that cannot start", r"a value cannot start with \1", "put it in quotes"),
    ("found unexpected end of stream", "a quote is opened here and never closed", "add the closing quote"),
    ("expected <block end>, but found ':'", "a key is missing before this ':'", "write 'key: value'"),
    (
        "expected <block end>",
        "this does not fit the lines above it",
        "keys of one block start in the same column, and a value follows on its line or further in",
    ),
    (r"expected ',' or '(.)'", r"a comma or \1 is missing", ""),
    ("could not find expected ':'", "a ':' is missing after the key above", "write 'key: value'"),
    (
        r"found unknown escape character '(.)'",
        r"a backslash before \1 means nothing in double quotes",
        "use single quotes",
    ),
    ("expected the node content", "a value is missing", ""),
    ("expected '<document start>'", "nothing may follow the end of the document", ""),
    ("tag handle", "tags (!) are not accepted", "write the plain value"),
    ("incompatible YAML", "only YAML 1.1 and 1.2 can be read", "remove the %YAML line"),
)


_GLUED = re.compile(r" *(?:- +)*([A-Za-z_]\w*):(?=[^\s/\\])")


def describe(error: yaml.YAMLError, source: str) -> tuple[yaml.Mark | None, str, str]:
    """Returns where a syntax error of a text is, what is wrong there, and a hint."""
    problem = str(getattr(error, "problem", None) or error)
    position = getattr(error, "problem_mark", None)
    glued = _glued(source, position.line) if position is not None else None
    if glued:
        return glued
    if "end of stream" in problem:
        position = getattr(error, "context_mark", None) or position
    for pattern, text, hint in _PLAIN:
        match = re.search(pattern, problem)
        if match:
            return position, match.expand(text), hint
    return position, f"not readable as YAML: {problem}", ""


def _glued(source: str, line: int) -> tuple[yaml.Mark, str, str] | None:
    """Returns what is wrong where a key and its value are glued together, on this line or the one before.

    YAML takes `rate:{min: 1}` for a longer key, and complains about what follows.
    """
    lines = re.split(r"\r\n|[\n\r\x85\u2028\u2029]", source)
    for number in range(max(line - 1, 0), min(line + 1, len(lines))):
        match = _GLUED.match(lines[number])
        if match:
            mark = yaml.Mark("", 0, number, match.end(), None, 0)
            return mark, "a space is missing after the ':'", f"write '{match[1]}: ' before its value"
    return None
