"""Names and secrets that nobody can guess, and what is stored of them."""

from app.lib import ids


def test_ids_are_all_different_and_easy_to_read_aloud():
    made = {ids.public_id() for _ in range(500)}
    assert len(made) == 500
    assert all(len(name) == 16 and not set(name) & set("il10o") for name in made)


def test_a_token_is_long_and_its_digest_does_not_show_it():
    secret = ids.token()
    assert len(secret) >= 43
    assert secret != ids.token()
    assert ids.digest(secret) == ids.digest(secret)
    assert secret not in ids.digest(secret)
    assert len(ids.digest(secret)) == 64


def test_a_digest_is_sha_256():
    assert ids.digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_random_keys_fit_a_signed_column_and_are_never_zero():
    keys = {ids.random_key() for _ in range(500)}
    assert len(keys) == 500
    assert all(0 < key < 2**63 for key in keys)
