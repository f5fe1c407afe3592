"""Tests of the encryption of secrets and of the key file."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from bot.storage.encryption import TokenCipher, load_or_create_key
from bot.storage.errors import StorageError

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


@given(st.text())
def test_any_secret_comes_back_and_is_not_readable(secret: str) -> None:
    cipher = TokenCipher([OLD])
    hidden = cipher.encrypt(secret)
    assert cipher.decrypt(hidden) == secret
    assert len(secret) < 4 or secret not in hidden


def test_equal_secrets_have_different_cipher_texts() -> None:
    cipher = TokenCipher([OLD])
    assert cipher.encrypt("token") != cipher.encrypt("token")


def test_after_a_change_of_keys_old_secrets_are_read_and_new_ones_use_the_new_key() -> None:
    hidden = TokenCipher([OLD]).encrypt("token")
    both = TokenCipher([NEW, OLD])
    assert both.decrypt(hidden) == "token"
    assert TokenCipher([NEW]).decrypt(both.encrypt("token")) == "token"


def test_a_wrong_key_gives_one_sentence_that_says_what_to_do() -> None:
    hidden = TokenCipher([OLD]).encrypt("token")
    with pytest.raises(StorageError, match="put that key back"):
        TokenCipher([NEW]).decrypt(hidden)


@pytest.mark.parametrize("keys", [[], ["short"], [OLD, "é"], [""]])
def test_missing_or_malformed_keys_are_refused(keys: list[str]) -> None:
    with pytest.raises(StorageError, match="CROSSFADE_ENCRYPTION_KEYS"):
        TokenCipher(keys)


def test_a_key_is_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "home" / "secret.key"
    key = load_or_create_key(path)

    assert load_or_create_key(path) == key
    assert TokenCipher([key]).decrypt(TokenCipher([key]).encrypt("token")) == "token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret.key"]


def test_processes_that_start_at_once_get_the_same_key(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    with multiprocessing.get_context("fork").Pool(4) as pool:
        keys = pool.map(load_or_create_key, [path] * 40, chunksize=1)
    assert set(keys) == {path.read_text().strip()}


@pytest.mark.parametrize("content", ["", "not a key", "é" * 44])
def test_a_damaged_key_file_is_never_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "secret.key"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(StorageError, match="holds no encryption key"):
        load_or_create_key(path)
    assert path.read_text(encoding="utf-8") == content


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be used"):
        load_or_create_key(tmp_path / "file" / "secret.key")
