"""Files written whole or not at all, with a checksum, on a disk or in an object store."""
