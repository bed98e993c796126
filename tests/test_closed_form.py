"""The closed form against the literal loop, case by case; exact arithmetic has a file of its own."""

import pytest

from tests import test_engines_against_literal as against_literal
from tests.cases import CASES, Case

FULL_BATCH = {
    name: case
    for name, case in CASES.items()
    if (case.batch_size is None or case.batch_size >= case.rows) and case.optimizer == "sgd"
}


@pytest.mark.parametrize("case", FULL_BATCH.values(), ids=FULL_BATCH.keys())
def test_closed_form_says_what_the_literal_loop_does(case: Case) -> None:
    """Events, states, history and contraction, in every case that theory covers."""
    against_literal.test_engine_does_what_the_literal_loop_does("closed_form", case)
