"""What is typed: options, comparisons and whole command lines, names of files among them."""

from random import Random

from fuzz.declarations import KEYS, NOISE, TOKENS, flow, number, scalar
from fuzz.mutations import mutated, words


def option(random: Random) -> bytes:
    """Returns what `--set` may be given."""
    if random.random() < 0.3:
        return f"{random.choice(KEYS)}={number(random)}".encode()
    key = ".".join(random.choice(KEYS) for _ in range(random.choice((1, 1, 2, 2, 3, 40))))
    text = f"{key}{random.choice(('=', '=', '=', '', ' = ', '=='))}{flow(random, 0)}".encode(
        "utf-8", "replace"
    )
    return mutated(random, text, TOKENS) if random.random() < 0.5 else text


COMPARED = words("comparisons")
COMPARED += ["9" * 500, "0x" + "f" * 1500, "(" * 150, "-" * 300, "not " * 300, "'" + "a" * 500 + "'"]

_PLAUSIBLE = [
    b"learning_rate < 0.005 and outcome == 'converged'",
    b"not (cost > 1 or converged_at != converged_at)",
    b"outcome in ('converged', 'diverged') and 0 <= trial < 3",
]


def comparison(random: Random) -> bytes:
    """Returns what `--where` may be given."""
    trade = [word.encode() for word in COMPARED]
    if random.random() < 0.6:
        return mutated(random, random.choice(_PLAUSIBLE), [*trade, *NOISE])
    if random.random() < 0.5:
        return b" ".join(random.choice(trade) for _ in range(random.randint(1, 12)))
    signs, columns = ("<", "<=", ">", ">=", "==", "!="), ("learning_rate", "cost", "trial", "converged_at")
    parts = [
        f"{random.choice(('', 'not '))}{random.choice(columns)} {random.choice(signs)} {number(random)}"
        for _ in range(random.randint(1, 5))
    ]
    return random.choice((" and ", " or ")).join(parts).encode()


def command(random: Random) -> bytes:
    """Returns the arguments of a command line, each ended by a NUL as the system does."""
    file = random.choice(
        ("configs/tutorial.yaml", "sweeps/tutorial_rates.yaml", _name(random), _name(random))
    )
    arguments = [
        ["plan", file],
        ["plan", file, "--set", option(random).decode("utf-8", "surrogateescape")],
        ["train", file, "--set", "epochs=20", "--set", f"seed={scalar(random)}"],
        ["train", file, "--every", number(random), "--set", "epochs=20"],
        ["init", "first", "--name", _name(random)],
        ["init", "first", "--data", _name(random), "--y", scalar(random)],
        ["init", "first", "--data", "data/cars.csv", "--y", random.choice(("dist", _name(random)))],
        ["list", _name(random)],
        ["show", _name(random), "--where", "x"],
        [_name(random)],
        ["schema", *[_name(random)] * random.randint(0, 1)],
    ]
    chosen = random.choice(arguments)
    if random.random() < 0.2:
        chosen.insert(random.randint(0, len(chosen)), random.choice((_name(random), "--" + scalar(random))))
    return b"".join(
        argument.replace("\0", "").encode("utf-8", "surrogateescape") + b"\0" for argument in chosen
    )


def _name(random: Random) -> str:
    """Returns a name of a file that a person, or somebody less kind, may give."""
    names = [
        "..",
        ".",
        "/",
        "",
        "con",
        "NUL.csv",
        ".hidden",
        "a\nb",
        "a\x1b[31mb",
        "\u202ecsv.yaml",
        "a" * 300,
    ]
    names += [
        "\udcff.yaml",
        "data",
        "../../up",
        "/dev/zero",
        "/dev/stdin",
        "pipe",
        "loop",
        "data/cars.csv",
        "\u0430dmin",
    ]
    names += ["configs", "x" * 5000, "-", "--", "~", "a b", "$(id)", "a\tb", "\x7f", "\x85", "CON", "a\r"]
    name = random.choice(names)
    return (
        name
        if random.random() < 0.7
        else name + random.choice((".yaml", ".csv", ".parquet", "/x.yaml", "\\x"))
    )
