"""One module for each parser of bytes from outside: `fuzz` and its `SEEDS`."""
