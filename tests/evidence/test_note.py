"""Signed notes, cosignatures, checkpoints and proofs against public vectors and by their rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.checkpoint import Checkpoint
from evidence.errors import NoteError, ProofError
from evidence.note import Note, SignatureLine, SigningKey, VerifierKey, sign
from evidence.signature_types import COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44, ED25519
from evidence.tlog_proof import TlogProof
from evidence.tree import inclusion_proof, leaf_hash, root_of

# The example of Go's golang.org/x/mod/sumdb/note, from which C2SP signed-note was written.
GO_SIGNER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6"
    "KE6RyyBwJnAM=\n"
)
GO_SUM_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"


def key(name: str = "example.com/log", algorithm: int = ED25519, byte: int = 7) -> SigningKey:
    return SigningKey.from_seed(name, bytes([byte]) * 32, algorithm)


def test_the_public_example_verifies_and_signing_it_gives_its_bytes() -> None:
    verifier = VerifierKey.parse(GO_VERIFIER)
    note = Note.parse(GO_NOTE)
    assert note.verified_by([verifier]) == [verifier]
    assert str(sign(note.text, [SigningKey.parse(GO_SIGNER)])) == GO_NOTE
    assert str(SigningKey.parse(GO_SIGNER).verifier) == GO_VERIFIER


@pytest.mark.parametrize("text", [GO_VERIFIER, GO_SUM_KEY])
def test_public_verifier_keys_are_read_and_written_back(text: str) -> None:
    assert str(VerifierKey.parse(text)) == text


@pytest.mark.parametrize("bit", range(8 * len(GO_NOTE.encode())))
def test_no_flipped_bit_of_the_public_example_leaves_it_verified(bit: int) -> None:
    data = bytearray(GO_NOTE.encode())
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NoteError):
        Note.parse(bytes(data)).verified_by([VerifierKey.parse(GO_VERIFIER)])


@pytest.mark.parametrize("algorithm", [ED25519, COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44])
def test_each_signature_type_holds_for_its_text_key_name_and_time_only(algorithm: int) -> None:
    text = Checkpoint("example.com/log", 3, bytes(32)).text()
    signer = key("witness.example/w1", algorithm)
    note = sign(text, [signer], at=1679315147)
    assert Note.parse(str(note)).verified_by([signer.verifier]) == [signer.verifier]
    assert VerifierKey.parse(str(signer.verifier)) == signer.verifier
    other = Note(Checkpoint("example.com/log", 4, bytes(32)).text(), note.signatures)
    with pytest.raises(NoteError) as caught:
        other.verified_by([signer.verifier])
    assert caught.value.type == "note-signature-invalid"
    (line,) = note.signatures
    moved = SignatureLine(line.name, line.key_id, line.signature[:7] + b"\1" + line.signature[8:])
    with pytest.raises(NoteError):
        Note(text, (moved,)).verified_by([signer.verifier])


def test_a_cosignature_begins_with_its_time_as_tlog_cosignature_says() -> None:
    signer = key("witness.example/w1", COSIGNATURE_ED25519)
    (line,) = sign("o\n0\nx\n", [signer], at=1679315147).signatures
    assert line.signature[:8] == (1679315147).to_bytes(8)
    assert len(line.signature) == 72
    plain = key("witness.example/w1")
    message = "cosignature/v1\ntime 1679315147\no\n0\nx\n"
    assert line.signature[8:] == sign(message, [plain]).signatures[0].signature


def test_signatures_of_unknown_keys_are_passed_over_and_one_known_is_enough() -> None:
    ours, theirs = key(), key("other.example", byte=8)
    note = sign("text\n", [theirs, ours])
    assert note.verified_by([ours.verifier]) == [ours.verifier]
    with pytest.raises(NoteError) as caught:
        note.verified_by([key("third.example", byte=9).verifier])
    assert caught.value.type == "note-key-unknown"


def test_a_wrong_signature_of_a_known_key_condemns_the_whole_note() -> None:
    ours, theirs = key(), key("other.example", byte=8)
    bad = SignatureLine(ours.name, ours.verifier.key_id, bytes(64))
    note = sign("text\n", [theirs]).with_signatures([bad])
    with pytest.raises(NoteError):
        note.verified_by([theirs.verifier, ours.verifier])


@pytest.mark.parametrize(
    "text",
    ["", "\n", "a", "a\n", "a\n\n", "a\n\n\n", "a\n\n— k AAAAAAA=", "a\n\n- k AAAAAAA=\n",
     "a\n\n— k  AAAAAAA=\n", "a\n\n— k AAAA\n", "a\n\n— k AAAAAAB=\n", "a\x07\n\n— k AAAAAAA=\n",
     "a\n\n— k+l AAAAAAA=\n", "\n\n— k AAAAAAA=\n", "a\r\n\n— k AAAAAAA=\n"],
)  # fmt: skip
def test_a_malformed_note_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        Note.parse(text)


@pytest.mark.parametrize(
    "text",
    ["", "a+00000000", "PeterNeumann+c74f20a4+" + GO_VERIFIER.rsplit("+", 1)[1],
     "PeterNeuman+c74f20a3+" + GO_VERIFIER.rsplit("+", 1)[1], "a+zzzzzzzz+AQ==",
     GO_VERIFIER[:-4], GO_VERIFIER + "=", "a+00000000+Ag==", "a b+00000000+AQ=="],
)  # fmt: skip
def test_a_malformed_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        VerifierKey.parse(text)


@given(st.binary(max_size=80) | st.text().map(str.encode))
def test_the_note_parser_lets_nothing_but_its_own_error_out(data: bytes) -> None:
    with pytest.raises(NoteError):
        Note.parse(data + b"x")


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\tb", "a\u3000b"])
def test_a_key_is_not_named_with_spaces_or_plus(name: str) -> None:
    with pytest.raises(NoteError):
        SigningKey.from_seed(name, bytes(32))


def test_a_private_key_does_not_show_in_its_representation() -> None:
    assert str(key())[-20:] not in repr(key())


def test_the_example_checkpoint_of_tlog_checkpoint_is_read_and_written_back() -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    checkpoint = Checkpoint.parse(text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text() == text


@pytest.mark.parametrize("text", ["o\n1\n", "o\n01\n{}\n", "o\n-1\n{}\n", "o\n1\n{}",
                                  "o\n1\nAA==\n", "\n1\n{}\n",
                                  "o\n1\n{}\n\nx\n", "o\n1 \n{}\n"])  # fmt: skip
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(text.format("A" * 43 + "="))


def proof_of(index: int, size: int, origin: str = "example.com/log") -> tuple[bytes, TlogProof]:
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    root = root_of(leaves)
    path = inclusion_proof(
        index, size, lambda height, at: root_of(leaves[at << height : (at + 1) << height])
    )
    note = sign(Checkpoint(origin, size, root).text(), [key()])
    return leaves[index], TlogProof(index, tuple(path), note, b"context")


def test_a_proof_is_written_as_tlog_proof_says_and_read_back() -> None:
    leaf, proof = proof_of(2, 7)
    lines = str(proof).split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra Y29udGV4dA==", "index 2"]
    assert lines[6:9] == ["", "example.com/log", "7"]
    again = TlogProof.parse(str(proof))
    assert again == proof
    assert again.verify(leaf, "example.com/log", [key().verifier]).size == 7


def test_a_proof_for_another_log_leaf_or_key_is_refused_by_name() -> None:
    leaf, proof = proof_of(2, 7)
    with pytest.raises(ProofError) as caught:
        proof.verify(leaf, "example.com/other", [key().verifier])
    assert caught.value.type == "proof-other-log"
    with pytest.raises(ProofError):
        proof.verify(leaf_hash(b"x"), "example.com/log", [key().verifier])
    with pytest.raises(NoteError):
        proof.verify(leaf, "example.com/log", [key(byte=8).verifier])


@pytest.mark.parametrize(
    ("old", "new"),
    [("@v1", "@v2"), ("index 2", "index 02"), ("index 2\n", ""), ("index", "Index"),
     ("\n\nexample", "\nexample"), ("extra Y", "extra ?")],
)  # fmt: skip
def test_a_malformed_proof_is_refused(old: str, new: str) -> None:
    text = str(proof_of(2, 7)[1])
    assert old in text
    with pytest.raises((ProofError, NoteError)):
        TlogProof.parse(text.replace(old, new, 1))
