"""One registrar a file; each passes the tests of `tests/contracts`."""
