"""One hosting server a file; each passes the tests of `tests/contracts`."""
