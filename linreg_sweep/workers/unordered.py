"""joblib's Parallel as processes and Dask use it: an item at a time, results as they come."""

from typing import Any


def unordered(**options: Any) -> Any:
    """Returns a Parallel that yields results as they come, and says nothing where it is ended early.

    joblib would then warn, with advice on how to iterate. Who stops a sweep needs none, and to filter the
    warning would change the filters of the whole process, which other threads have, too.
    """
    from joblib import Parallel

    parallel = Parallel(batch_size=1, return_as="generator_unordered", **options)
    parallel._warn_exit_early = lambda: None
    return parallel
