"""Parts of a sweep, trained by workers: once more where they are lost, halved where they kill."""
