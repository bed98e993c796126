"""Keys that have another name since: what to write instead, and how declarations of older runs are read."""

from typing import Any

from linreg_sweep.config.nodes import Node, child, replace_at

ORDERS = {False: "file", True: "reshuffle"}
"""What the old key `shuffle` is called by its values, under `order`."""

OLD = {"shuffle": "order"}
"""What keys are called now."""


def what_to_write(key: str, value: Any = None) -> str:
    """Returns a hint for a key, of which the last part counts, that has another name; else nothing."""
    new = OLD.get(key.rpartition(".")[2].strip())
    if new is None:
        return ""
    word = ORDERS.get(value) if isinstance(value, bool) else None
    return f"write {new}: {word or ' or '.join(ORDERS.values())}; {key} is called {new} now"


def renewed(root: Node) -> Node:
    """Returns the declaration of an older run with the keys of its set-up as they are called now."""
    old = child(child(root, "training") or root, "shuffle")
    if old is None or not isinstance(old.value, bool):
        return root
    block = root.value["training"]
    kept = {key: node for key, node in block.value.items() if key != "shuffle"}
    root = replace_at(root, ("training",), Node(kept, block.at, block.key_at))
    return replace_at(root, ("training", "order"), Node(ORDERS[old.value], old.at, old.key_at))
