"""One payment gateway a file; each passes the tests of `tests/contracts`."""
