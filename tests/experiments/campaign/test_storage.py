"""Results in an object store: whole folders, only what changed, no name that leads elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from spikeoff.errors import UserError
from spikeoff.experiments.campaign.storage import LocalStorage, RemoteStorage, Storage, open_storage
from spikeoff.experiments.campaign.store import Store
from spikeoff.run.checkpoints import NAMES
from spikeoff.run.folder import LOCK, SUMMARY
from tests import killing, program, small_data

BUCKET = "results"


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    """A server that speaks S3, on this machine; what a process must know to reach it."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    told = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    before = dict(os.environ)
    os.environ.update(told)
    try:
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield told
    finally:
        server.stop()
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(params=["memory", "s3"])
def remote(request: pytest.FixtureRequest) -> Iterator[RemoteStorage]:
    """An empty place in a store."""
    if request.param == "s3":
        request.getfixturevalue("s3")
        yield RemoteStorage(f"s3://{BUCKET}/{request.node.name.replace('[', '-')}")
    else:
        memory = fsspec.filesystem("memory")
        memory.store.clear()
        yield RemoteStorage("memory://races/one")
        memory.store.clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run on its way, with both checkpoints."""
    made = tmp_path / "run"
    (made / "spikes").mkdir(parents=True)
    for name in ("config.json", "training.log", "spikes/layer 1.npy", *NAMES, LOCK, ".part-x"):
        (made / name).write_bytes(name.encode())
    return made


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_what_was_sent_is_fetched_and_a_finished_run_leaves_no_checkpoint(
    remote: RemoteStorage, folder: Path, tmp_path: Path
) -> None:
    remote.send(folder, "mlp/seed-0")
    remote.fetch("mlp/seed-0", tmp_path / "a")
    expected = files(folder)
    del expected[LOCK], expected[".part-x"]
    assert files(tmp_path / "a") == expected
    (folder / SUMMARY).write_bytes(b"{}")
    for name in NAMES:
        (folder / name).unlink()
        del expected[name]
    remote.send(folder, "mlp/seed-0")
    remote.fetch("mlp/seed-0", tmp_path / "b")
    assert files(tmp_path / "b") == {**expected, SUMMARY: b"{}"}
    assert remote.read("mlp/seed-0/none") is None


def test_the_record_goes_last_and_what_did_not_change_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = RemoteStorage("memory://races/order")
    sent: list[str] = []
    whole = type(remote._fs).put_file

    def put_file(self: object, local: str, name: str, **more: object) -> None:
        sent.append(Path(name).name)
        whole(self, local, name, **more)

    monkeypatch.setattr(type(remote._fs), "put_file", put_file)
    remote.send(folder, "run")
    assert sorted(sent[-2:]) == sorted(NAMES)
    sent.clear()
    (folder / "training.log").write_bytes(b"another line")
    (folder / SUMMARY).write_bytes(b"{}")
    remote.send(folder, "run")
    assert sent == ["training.log", SUMMARY]


@pytest.mark.parametrize(
    "name",
    ["../../outside", "a/../../outside", "..", ".hidden", "a\\b", "a\nb", "-rf", "a/b/c/d/e",
     "x" * 300, "name\x00"],
)  # fmt: skip
def test_a_name_that_no_run_gives_is_refused_and_nothing_lies_outside(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = RemoteStorage("memory://races/hostile")
    base = f"{remote._root}/run"
    listed = {f"{base}/config.json": {"size": 2}, f"{base}/{name}": {"size": 2}}
    monkeypatch.setattr(type(remote._fs), "find", lambda *_, **__: listed)
    monkeypatch.setattr(
        type(remote._fs), "get_file", lambda _, __, to, **___: Path(to).write_bytes(b"{}")
    )
    with pytest.raises(UserError, match="no name of a run's file") as caught:
        remote.fetch("run", tmp_path / "within" / "run")
    assert "\n" not in str(caught.value)
    assert set(files(tmp_path)) <= {"within/run/config.json"}


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense://x/y", "cannot be opened"),
        ("simplecache::s3://x/y", "joins several stores"),
        ("file://elsewhere/x", "names another machine"),
    ],
)
def test_urls_that_lead_nowhere_get_one_line(url: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        open_storage(url)


def test_a_file_url_is_a_folder(tmp_path: Path) -> None:
    storage = open_storage(f"file://{tmp_path}/a%20b")
    assert isinstance(storage, LocalStorage)
    storage.write("c", b"d")
    assert (tmp_path / "a b" / "c").read_bytes() == b"d"


@pytest.fixture(params=["local", "memory"])
def notes(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return open_storage(
        str(tmp_path / "notes") if request.param == "local" else f"memory://{tmp_path}/notes"
    )


def test_a_note_leads_to_the_run_until_that_is_another(notes: Storage, tmp_path: Path) -> None:
    elsewhere = open_storage(notes.where.replace("notes", "race"))
    store, address = Store(notes), "ab" * 32
    assert store.find(address) is None
    elsewhere.write(f"mlp/seed-0/{SUMMARY}", b"{}")
    store.add(address, elsewhere, "mlp/seed-0")
    found = store.find(address)
    assert found is not None
    assert found[0].read(f"{found[1]}/{SUMMARY}") == b"{}"
    elsewhere.write(f"mlp/seed-0/{SUMMARY}", b'{"another": 1}')
    assert store.find(address) is None


@pytest.mark.parametrize(
    "note",
    ["", "[]", "{}", '{"run": "../up", "sha256": "0"}', '{"run": 3, "sha256": "0"}',
     '{"run": "s3://elsewhere/run", "sha256": "0"}', "[" * 10_000],
)  # fmt: skip
def test_a_damaged_note_is_none(note: str, notes: Storage) -> None:
    address = "cd" * 32
    notes.write(f"addresses/cd/{address}.json", note.encode())
    assert Store(notes).find(address) is None


@pytest.mark.slow
def test_a_campaign_in_an_object_store_ends_as_one_in_a_folder_and_goes_on(
    s3: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that goes to the store is made in a process of its own, the other in this one."""
    settings = ["--contenders", "mlp", "--epochs", "2", "--n_train", "300", "--n_validation", "50",
                "--num_threads", "1", "--timing_seconds", "0", "--energy_seconds", "0",
                "--mnist_path", small_data.path()]  # fmt: skip

    def compare(*flags: str) -> str:
        done = program.spikeoff("compare", *flags)
        assert done.returncode == 0, done.stderr
        return done.stdout

    url = f"s3://{BUCKET}/race"
    compare(*settings, "--output", url)
    with monkeypatch.context() as patch:
        program.run_here(patch)
        compare(*settings, "--output", str(tmp_path / "here"))
    remote = RemoteStorage(url)
    remote.fetch("mlp/seed-0", tmp_path / "there")
    one, other = killing.results(tmp_path / "there"), killing.results(tmp_path / "here/mlp/seed-0")
    assert killing.differences(one, other) == []
    assert remote.read("comparison.html")
    again = compare("--resume", url)
    assert "has finished before" in again
    journal = (remote.read("journal.jsonl") or b"").decode().splitlines()
    assert [json.loads(line)["event"] for line in journal] == ["start", "finished"]
