"""What others signed: believed as far as the caller trusts them, and bound byte for byte."""

import json
import random
from pathlib import Path

import pytest

from evidence.bundle import container
from evidence.note import Note
from tests.evidence.flipped import each_flipped
from tests.outside.world import make_chain
from tests.verifier.anchored import KEY, NEXT, Anchored, anchored_bundle, stamped_bundle
from tests.verifier.test_bundle import files_of
from verifier import read_trust, verify_bundle
from verifier.notes import FormatError, follow_hand_overs
from verifier.timestamps import read_timestamp


@pytest.fixture(scope="module", params=[False, True], ids=["rsa", "p-256"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Anchored:
    return anchored_bundle(tmp_path_factory.mktemp("anchored"), curve=request.param)


def problem(data: bytes, trust: str) -> tuple[str, str]:
    result = verify_bundle(data, read_trust(trust))
    assert result.first_problem is not None
    return result.first_problem.file, result.first_problem.problem


def test_a_quorum_a_timestamp_and_a_new_key_are_followed_from_the_old_key(made: Anchored) -> None:
    result = verify_bundle(made.data, read_trust(made.trust))
    assert result.ok, result.first_problem
    (anchor,) = result.checked["anchors"]
    assert (anchor["size"], anchor["quorum"]) == (3, True)
    assert [one["name"] for one in anchor["witnesses"]] == ["w1.example", "w2.example"]
    assert all(one["trusted"] for one in anchor["witnesses"] + anchor["timestamps"])
    assert [one["index"] for one in result.checked["existed_by"]] == [0, 2]
    assert result.checked["events"] == result.checked["disclosures"] == 1


def test_who_trusts_only_the_log_learns_what_is_there_but_not_trusted(made: Anchored) -> None:
    result = verify_bundle(made.data, read_trust(str(KEY.verifier)))
    assert result.ok, result.first_problem
    (anchor,) = result.checked["anchors"]
    assert not any(one["trusted"] for one in anchor["witnesses"] + anchor["timestamps"])
    assert not anchor["quorum"]
    assert result.checked["existed_by"] == []


def test_who_trusts_the_new_key_needs_no_hand_over_for_the_checkpoint(made: Anchored) -> None:
    assert problem(made.data, str(NEXT.verifier)) == ("anchors/3/checkpoint", "anchor-invalid")
    both = f"{KEY.verifier}\n{NEXT.verifier}"
    assert verify_bundle(made.data, read_trust(both)).ok


def test_a_demand_that_is_not_met_is_named(made: Anchored, tmp_path: Path) -> None:
    files = files_of(made.data)
    kept = {name: data for name, data in files.items() if not name.startswith("anchors/3/")}
    assert problem(container(kept), made.trust) == ("entries/0.json", "quorum-missing")
    other = make_chain(tmp_path / "other")
    lines = [
        line for line in made.trust.split("\n") if line.startswith(("log", "witness", "group"))
    ]
    trust = "\n".join([*lines, "quorum g", "timestamps 1", other.roots.read_text()])
    assert problem(made.data, trust) == ("entries/0.json", "timestamps-missing")


def test_an_authority_that_stamped_under_two_names_is_one(made: Anchored, tmp_path: Path) -> None:
    other = make_chain(tmp_path / "other", curve=True)
    roots = [made.chain.roots.read_text(), other.roots.read_text()]
    trust = "\n".join([str(KEY.verifier), "timestamps 2", *roots])
    twice = stamped_bundle(tmp_path / "twice", {"a": made.chain, "b": made.chain})
    assert problem(twice, trust) == ("entries/0.json", "timestamps-missing")
    assert verify_bundle(twice, read_trust(trust.replace("timestamps 2", "timestamps 1"))).ok
    both = stamped_bundle(tmp_path / "both", {"a": made.chain, "b": other})
    assert verify_bundle(both, read_trust(trust)).ok
    with pytest.raises(FormatError):
        read_trust("\n".join([str(KEY.verifier), "timestamps 2", roots[0], roots[0]]))


def test_every_file_of_an_anchor_is_bound_to_its_entry(made: Anchored) -> None:
    files = files_of(made.data)
    for name in ("anchors/3/checkpoint", "anchors/3/127.0.0.1.tsr"):
        bent = bytearray(files[name])
        bent[-3] ^= 1
        assert problem(container(files | {name: bytes(bent)}), made.trust) == (name, "file-changed")
    name = "anchors/3/consistency"
    assert problem(container(files | {name: b""}), made.trust) == (name, "not-consistent")
    more = files | {"anchors/3/more.tsr": b"x"}
    assert problem(container(more), made.trust) == ("anchors/3/more.tsr", "file-changed")
    more = files | {"anchors/2/checkpoint": files["anchors/3/checkpoint"]}
    assert problem(container(more), made.trust) == ("anchors/2", "not-in-log")
    del files[name]
    assert problem(container(files), made.trust) == (name, "file-missing")


def test_an_event_that_was_changed_or_added_is_named(made: Anchored) -> None:
    files = files_of(made.data)
    (event,) = [name for name in files if name.startswith("events/")]
    bent = files | {event: files[event].replace(b"A1", b"A2")}
    assert problem(container(bent), made.trust) == (event, "file-changed")


def test_sampled_bytes_of_the_whole_file_cannot_be_changed(made: Anchored) -> None:
    chance = random.Random(1)
    trust = read_trust(made.trust)
    for place in chance.sample(range(len(made.data)), 300):
        bent = bytearray(made.data)
        bent[place] ^= 1 << chance.randrange(8)
        assert not verify_bundle(bytes(bent), trust).ok, place


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_no_bit_of_the_whole_file_can_be_changed(made: Anchored) -> None:
    trust = read_trust(made.trust)
    for bit, bent in each_flipped(made.data):
        assert not verify_bundle(bent, trust).ok, bit
    print(f"{8 * len(made.data)} bits of a bundle")


def test_no_byte_of_a_timestamp_can_be_changed_where_it_is_signed(made: Anchored) -> None:
    files = files_of(made.data)
    response = files["anchors/3/127.0.0.1.tsr"]
    text = Note.parse(files["anchors/3/checkpoint"]).text.encode()
    roots = [made.chain.root]
    assert read_timestamp(response, text, roots).trusted
    with pytest.raises(FormatError):
        read_timestamp(response, text + b"x", roots)
    with pytest.raises(FormatError):
        read_timestamp(response + b"x", text, roots)
    chance = random.Random(2)
    for place in chance.sample(range(len(response)), min(400, len(response))):
        bent = bytearray(response)
        bent[place] ^= 1 << chance.randrange(8)
        try:
            stamp = read_timestamp(bytes(bent), text, roots)
        except FormatError:
            continue
        # What no signature covers, such as the status, may differ without changing the time.
        assert stamp == read_timestamp(response, text, roots) or not stamp.trusted


def test_a_hand_over_that_only_one_key_signed_leads_nowhere(made: Anchored) -> None:
    files = files_of(made.data)
    bodies = [
        json.loads(data)["body"] for name, data in files.items() if name.startswith("entries")
    ]
    (note,) = [body["hand_over"] for body in bodies if "hand_over" in body]
    trust = read_trust(str(KEY.verifier))
    assert len(follow_hand_overs(trust.logs, [note])) == 2
    lines = note.rstrip("\n").split("\n")
    with pytest.raises(FormatError):
        follow_hand_overs(trust.logs, ["\n".join(lines[:-1]) + "\n"])
