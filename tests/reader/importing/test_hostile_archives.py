"""Archives that mean harm: one line each, nothing outside the folder, little memory and time."""

import gzip
import io
import os
import pickle
import struct
import tarfile
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.index import ModelFolderInvalid
from answerable.reader.importing.nemo import prepare_nemo
from answerable.reader.importing.tar import unpack_tar
from answerable.reader.importing.yaml_files import parse_yaml
from tests.reader.importing import nemo_archives
from tests.reader.importing.torch_files import call, program, text, write_zip

_MOST_BYTES = 8 << 20


def _member(name: str, kind: bytes = tarfile.REGTYPE, **more: object) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type = kind
    for key, value in more.items():
        setattr(member, key, value)
    return member


def _tar(*members: tarfile.TarInfo, content: bytes = b"x" * 8) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:", format=tarfile.PAX_FORMAT) as archive:
        for member in members:
            is_file = member.isreg()
            member.size = len(content) if is_file else 0
            archive.addfile(member, io.BytesIO(content) if is_file else None)
    return buffer.getvalue()


def _with_size(size: bytes) -> bytes:
    """Return an archive whose one header states another size, under a right checksum."""
    block = bytearray(_tar(_member("a"))[:512])
    block[124:136] = size.ljust(12, b"\0")
    return _summed(block) + bytes(1024)


def _summed(block: bytearray) -> bytes:
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def _extended(records: bytes, kind: bytes = b"x") -> bytes:
    """Return an archive with an extended header before its one file."""
    block = bytearray(_tar(_member("header"))[:512])
    block[124:136] = b"%011o\0" % len(records)
    block[156:157] = kind
    filled = records + bytes(-len(records) % 512)
    return _summed(block) + filled + _tar(_member("a"))


def _record(key: bytes, value: bytes) -> bytes:
    length = len(key) + len(value) + 3
    length += len(str(length + len(str(length))))
    return b"%d %s=%s\n" % (length, key, value)


ARCHIVES: dict[str, bytes] = {
    "climbing": _tar(_member("../outside")),
    "climbing below a folder": _tar(_member("./a/../../outside")),
    "climbing by backslashes": _tar(_member("..\\outside")),
    "absolute": _tar(_member("/var/outside")),
    "absolute below the folder": _tar(_member(".//var/outside")),
    "drive": _tar(_member("C:outside")),
    "in a folder": _tar(_member("./a/b")),
    "a folder": _tar(_member("./a", tarfile.DIRTYPE)),
    "the folder above": _tar(_member("..", tarfile.DIRTYPE)),
    "no name": _tar(_member("./")),
    "hidden": _tar(_member(".bashrc")),
    "a name with a line": _tar(_member("a\nb")),
    "a name of bytes": _tar(_member("a\udcff")),
    "symbolic link": _tar(_member("a", tarfile.SYMTYPE, linkname="/etc/passwd")),
    "symbolic link, then a file through it": _tar(
        _member("a", tarfile.SYMTYPE, linkname=".."), _member("a/outside")
    ),
    "hard link": _tar(_member("a", tarfile.LNKTYPE, linkname="/etc/passwd")),
    "device": _tar(_member("a", tarfile.CHRTYPE, devmajor=1, devminor=3)),
    "disk": _tar(_member("a", tarfile.BLKTYPE, devmajor=8, devminor=0)),
    "pipe": _tar(_member("a", tarfile.FIFOTYPE)),
    "contiguous file": _tar(_member("a", tarfile.CONTTYPE)),
    "sparse file": _tar(_member("a", tarfile.GNUTYPE_SPARSE)),
    "sparse by extended header": _extended(_record(b"GNU.sparse.major", b"1")),
    "twice": _tar(_member("a"), _member("./a")),
    "twice but for capitals": _tar(_member("a"), _member("A")),
    "thousands of files": _tar(*(_member(f"a{i}") for i in range(1000)), content=b""),
    "climbing by a long name": _extended(b"../outside\0", b"L"),
    "climbing by an extended header": _extended(_record(b"path", b"../outside")),
    "absolute by an extended header": _extended(_record(b"path", b"/var/outside")),
    "huge header": _extended(_record(b"comment", b"x" * (1 << 20))),
    "huge global header": _extended(_record(b"comment", b"x" * (1 << 20)), b"g"),
    "header of a wrong length": _extended(b"999 path=a\n"),
    "header of no length": _extended(b"path=a\n"),
    "header of length 0": _extended(b"0 path=a\n"),
    "header that stalls a search": _extended(b"1" * 15_000),
    "size in words": _extended(_record(b"size", b"many")),
    "negative size": _with_size(b"-0000000001"),
    "negative binary size": _with_size(b"\xff" * 12),
    "huge binary size": _with_size(b"\x80" + b"\x7f" * 11),
    "size beyond the end": _with_size(b"00000077777"),
    "no checksum": _tar(_member("a"))[:148] + bytes(8) + _tar(_member("a"))[156:],
    "cut short": _tar(_member("a"))[:515],
    "no end": _tar(_member("a"))[:1024],
    "not an archive": b"PK\x03\x04" + bytes(2000),
    "empty": b"",
    "gzip in gzip": gzip.compress(gzip.compress(_tar(_member("a")))),
    "cut gzip": gzip.compress(_tar(_member("a")))[:-12],
    "damaged gzip": gzip.compress(_tar(_member("a")))[:-8] + bytes(8),
}


def _refused(action: Callable[[], object], most_bytes: int = _MOST_BYTES) -> str:
    tracemalloc.start()
    try:
        with pytest.raises(ModelFolderInvalid) as raised:
            action()
        assert tracemalloc.get_traced_memory()[1] < most_bytes
    finally:
        tracemalloc.stop()
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("is_gzip", [True, False])
@pytest.mark.parametrize("case", ARCHIVES)
def test_archives(tmp_path: Path, case: str, *, is_gzip: bool) -> None:
    """Nothing is written but plain files in the one folder, and the archive is refused."""
    folder = tmp_path / "a" / "b" / "folder"
    folder.mkdir(parents=True)
    archive = tmp_path / "model.nemo"
    content = ARCHIVES[case]
    archive.write_bytes(gzip.compress(content, 1) if is_gzip else content)
    assert str(archive) in _refused(lambda: unpack_tar(archive, folder))
    written = [path for path in tmp_path.rglob("*") if path.is_symlink() or path.is_file()]
    assert all(path.parent == folder and not path.is_symlink() for path in written[1:])
    assert written[0] == archive
    assert not Path("/var/outside").exists()


def test_gzip_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small archive that unfolds to a large one is left before the disk is full."""
    monkeypatch.setattr("answerable.reader.importing.tar._SMALL", 1 << 20)
    archive = tmp_path / "model.nemo"
    archive.write_bytes(gzip.compress(_tar(_member("a"), content=bytes(3 << 20)), 9))
    (tmp_path / "folder").mkdir()
    assert "unfolds" in _refused(lambda: unpack_tar(archive, tmp_path / "folder"))
    assert (tmp_path / "folder" / "a").stat().st_size <= 1 << 20


def test_gzip_of_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is it read to the end behind the archive's own end."""
    monkeypatch.setattr("answerable.reader.importing.tar._SMALL", 1 << 20)
    archive = tmp_path / "model.nemo"
    archive.write_bytes(gzip.compress(_tar(_member("a")) + bytes(3 << 20), 9))
    (tmp_path / "folder").mkdir()
    assert "unfolds" in _refused(lambda: unpack_tar(archive, tmp_path / "folder"))


def test_long_names(tmp_path: Path) -> None:
    """A long name is read from either kind of header, if it is a plain one."""
    for kind, record in ((b"L", b"x" * 120 + b"\0"), (b"x", _record(b"path", b"y" * 120))):
        (tmp_path / "m").write_bytes(_extended(record, kind))
        folder = tmp_path / kind.decode()
        folder.mkdir()
        assert unpack_tar(tmp_path / "m", folder) == [("x" if kind == b"L" else "y") * 120]


YAML = {
    "call": "a: !!python/object/apply:os.system ['touch canary']",
    "name": "a: !!python/name:os.system",
    "module": "a: !!python/module:os",
    "new": "a: !!python/object/new:os.system ['true']",
    "any tag": "a: !thing {b: 1}",
    "known tag": "a: !!binary aGk=",
    "aliases": "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]",
    "merge": "a: &a {x: 1}\nb: {<<: *a}",
    "itself": "a: &a [*a]",
    "deep": "a: " + "[" * 100 + "]" * 100,
    "deeper than the stack": "a: " + "[" * 3000,
    "many": "a: [" + "1," * 6000 + "1]",
    "long number": "a: " + "9" * 40_000,
    "list": "[1, 2]",
    "keys that are lists": "? [1]\n: 2",
    "number for a key": "1: 2",
    "text": "hello",
    "nothing": "",
    "several": "a: 1\n---\nb: 2",
    "broken": "a: [1",
    "control characters": "a: \x00",
}


@pytest.mark.parametrize("case", YAML)
def test_yaml(tmp_path: Path, case: str) -> None:
    """Tags, aliases and heaps are refused, through the whole import."""
    files = {"model_config.yaml": YAML[case].encode(), "model_weights.ckpt": b"", "vocab.txt": b""}
    archive, out = nemo_archives.write_archive(tmp_path / "m.nemo", files), tmp_path / "out"
    out.mkdir()
    message = _refused(lambda: prepare_nemo(archive, out))
    assert "model_config.yaml" in message
    assert not (tmp_path / "canary").exists() and not Path("canary").exists()
    assert list((out / "folder").iterdir()) == []


def test_large_yaml(tmp_path: Path) -> None:
    """A configuration of any size is not read."""
    files = {"model_config.yaml": b"a: 1\n" * 100_000, "model_weights.ckpt": b""}
    archive = nemo_archives.write_archive(tmp_path / "m.nemo", files)
    assert "longer" in _refused(lambda: prepare_nemo(archive, tmp_path))


@pytest.mark.parametrize("value", ["${a}", "${a.b}", "${b}", "${oc.env:HOME}", "${b.c.d}"])
def test_references(value: str) -> None:
    """A reference to itself, to nothing or to the environment stays as it is written."""
    assert parse_yaml(f"a: '{value}'\nb: '${{a}}'")["a"] == value


class _Calls:
    def __init__(self, command: str) -> None:
        self._command = command

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (self._command,)


@pytest.mark.parametrize("way", ["pickle alone", "pickle in a zip", "name of a module"])
def test_weights_that_call(tmp_path: Path, way: str) -> None:
    """An archive's weights that call out are refused, and what they call does not run."""
    canary, out = tmp_path / "canary", tmp_path / "out"
    out.mkdir()
    pickled = pickle.dumps({"w": _Calls(f"touch {canary}")}, 2)
    if way == "pickle alone":
        weights = pickled
    else:
        named = program(call("torch.utils.cpp_extension", "load", text(f"touch {canary}")))
        path = write_zip(tmp_path / "w", named if way == "name of a module" else pickled)
        weights = path.read_bytes()
    files = nemo_archives.archive_files(tmp_path, nemo_archives.weights(), nemo_archives.settings())
    archive = nemo_archives.write_archive(
        tmp_path / "m.nemo", files | {"model_weights.ckpt": weights}
    )
    assert "pickle" in _refused(lambda: prepare_nemo(archive, out))
    assert not canary.exists()
    assert list((out / "folder").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bert-base-uncased_encoder_config.json", b"[" * 100_000),
        ("bert-base-uncased_encoder_config.json", b"[]"),
        ("bert-base-uncased_encoder_config.json", b'{"model_type": "gpt2"}'),
        ("bert-base-uncased_encoder_config.json", b'{"model_type": ["bert"]}'),
        ("model_weights.ckpt", b""),
        ("model_weights.ckpt", struct.pack("<Q", 1 << 60)),
    ],
)
def test_other_members(tmp_path: Path, name: str, content: bytes) -> None:
    """A damaged file of an archive is named."""
    files = nemo_archives.archive_files(tmp_path, nemo_archives.weights(), nemo_archives.settings())
    archive, out = tmp_path / "m.nemo", tmp_path / "out"
    out.mkdir()
    nemo_archives.write_archive(archive, files | {name: content})
    assert str(archive) in _refused(lambda: prepare_nemo(archive, out))


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 511), value=st.binary(min_size=1, max_size=12))
def test_headers(tmp_path_factory: pytest.TempPathFactory, place: int, value: bytes) -> None:
    """A header with any bytes changed, under a right checksum, stays in its folder."""
    block = bytearray(_tar(_member("a"))[:512])
    block[place : place + len(value)] = value
    top = tmp_path_factory.mktemp("headers")
    (top / "m").write_bytes(_summed(block[:512]) + bytes(2048))
    (top / "folder").mkdir()
    with suppress(ModelFolderInvalid):
        unpack_tar(top / "m", top / "folder")
    assert {path.name for path in top.iterdir()} == {"m", "folder"}
