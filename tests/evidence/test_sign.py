"""A key is made once, read by its owner alone, and signs what can be verified by anybody."""

from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import ValidationError

from heatstream.errors import BadInput
from heatstream.evidence.sign import Ed25519, create_key, signer_of
from heatstream.settings import Evidence


async def test_what_it_signs_its_public_key_verifies(tmp_path: Path) -> None:
    public = create_key(tmp_path / "key.pem")
    signer = signer_of(Evidence(key_file=tmp_path / "key.pem", signer="示例市供热办"))
    assert signer is not None
    assert (signer.name, signer.algorithm, signer.public_key) == ("示例市供热办", "ed25519", public)
    signature = await signer.sign(b"manifest")
    Ed25519PublicKey.from_public_bytes(public).verify(signature, b"manifest")
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(public).verify(signature, b"Manifest")


async def test_the_same_content_has_the_same_signature(tmp_path: Path) -> None:
    create_key(tmp_path / "key.pem")
    signer = Ed25519.from_file(tmp_path / "key.pem", "x")
    assert await signer.sign(b"manifest") == await signer.sign(b"manifest")


def test_a_key_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    create_key(tmp_path / "key.pem")
    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("precious")
    with pytest.raises(BadInput, match="is there already: a key that signed something is never overwritten"):
        create_key(tmp_path / "key.pem")
    assert (tmp_path / "key.pem").read_text() == "precious"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none/key\.pem: No such file or directory"):
        create_key(tmp_path / "none" / "key.pem")


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    create_key(tmp_path / "key.pem")
    (tmp_path / "key.pem").chmod(0o640)
    with pytest.raises(BadInput, match=r"others may read it \(mode 0640\), expected 0600"):
        Ed25519.from_file(tmp_path / "key.pem", "x")


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    key = generate_private_key(SECP256R1())
    (tmp_path / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "key.pem").chmod(0o600)
    with pytest.raises(BadInput, match="expected an Ed25519 key"):
        Ed25519.from_file(tmp_path / "key.pem", "x")


@pytest.mark.parametrize("content", [b"", b"-----BEGIN NOTHING-----\n"])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key.pem").write_bytes(content)
    (tmp_path / "key.pem").chmod(0o600)
    with pytest.raises(BadInput, match="expected a private key in PEM without a passphrase"):
        Ed25519.from_file(tmp_path / "key.pem", "x")


def test_a_key_that_is_not_there_is_told_with_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file or directory; `heatstream evidence key create` makes one"):
        Ed25519.from_file(tmp_path / "none.pem", "x")


def test_without_a_key_nobody_signs() -> None:
    assert signer_of(Evidence()) is None


def test_a_key_without_a_name_refuses_to_start(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="expected key_file and signer together"):
        Evidence(key_file=tmp_path / "key.pem")


def test_a_time_stamp_that_nobody_could_check_refuses_to_start() -> None:
    with pytest.raises(ValidationError, match="expected tsa_url and tsa_ca_file together"):
        Evidence(tsa_url="http://tsa")
