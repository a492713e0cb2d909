"""OpenVINO's files before its library sees them; tests/models runs real ones."""

import sys
import tracemalloc
from pathlib import Path

import pytest

from answerable.index import ModelFolderInvalid
from answerable.reader.importing.ir_files import check_ir
from answerable.reader.importing.openvino_ir import is_ir, prepare_ir
from answerable.reader.openvino_session import OpenVinoSession

_NET = """<?xml version="1.0"?>
<net name="reader" version="11">
  <layers>
    <layer id="0" name="input_ids" type="Parameter" version="opset1">
      <data shape="1,384" element_type="i32"/>
    </layer>
    <layer id="1" name="weight" type="Const" version="opset1">
      <data element_type="f32" shape="2" offset="{offset}" size="{size}"/>
    </layer>
    {more}
  </layers>
  <edges/>
</net>
"""


def _write(folder: Path, content: str, n_bytes: int = 16) -> Path:
    path = folder / "reader.xml"
    path.write_text(content)
    (folder / "reader.bin").write_bytes(bytes(n_bytes))
    return path


def _net(offset: object = 0, size: object = 8, more: str = "") -> str:
    return _NET.format(offset=offset, size=size, more=more)


def _layer(kind: str, version: str = "opset1") -> str:
    return f'<layer id="2" name="x" type="{kind}" version="{version}"/>'


def test_facts(tmp_path: Path) -> None:
    """A sound model says its inputs, and whether it was rounded to 8 bits."""
    xml = _write(tmp_path, _net(more=_layer("FakeQuantize")))
    facts = check_ir(xml, xml.with_suffix(".bin"))
    assert (facts.inputs, facts.n_constants, facts.is_quantized) == (("input_ids",), 1, True)


_ENTITIES = "".join(f'<!ENTITY e{i + 1} "&e{i};&e{i};&e{i};&e{i};">' for i in range(30))
_DOCUMENT = '<?xml version="1.0"?>\n<!DOCTYPE net [{}]>\n<net>{}</net>'

HOSTILE = {
    "entities that multiply": _DOCUMENT.format(f'<!ENTITY e0 "ha">{_ENTITIES}', "&e30;"),
    "long entity": _DOCUMENT.format(f'<!ENTITY e0 "{"x" * 100_000}">', "&e0;" * 10_000),
    "external entity": _DOCUMENT.format('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;"),
    "external entity from the network": _DOCUMENT.format(
        '<!ENTITY x SYSTEM "http://example.invalid/x">', "&x;"
    ),
    "parameter entity": _DOCUMENT.format('<!ENTITY % x SYSTEM "file:///etc/passwd">%x;', ""),
    "external document type": '<!DOCTYPE net SYSTEM "file:///etc/passwd"><net/>',
    "entity that nobody declares": "<net>&x;</net>",
    "constant behind the end": _net(offset=12),
    "constant far behind the end": _net(offset=10**14),
    "negative offset": _net(offset=-8),
    "negative size": _net(size=-8),
    "size in words": _net(size="many"),
    "offset that overflows": _net(offset=2**64 - 8),
    "no offset": _net().replace(' offset="0"', ""),
    "graph in a graph": _net(more=_layer("TensorIterator")),
    "loop": _net(more=_layer("Loop")),
    "operations of a library": _net(more=_layer("Custom", "my_library")),
    "deep": "<net>" + "<a>" * 10_000 + "</a>" * 10_000 + "</net>",
    "no network": "<html><body/></html>",
    "no inputs": "<net><layers/></net>",
    "cut short": _net()[:200],
    "two roots": _net() + _net(),
    "empty": "",
    "not XML": "\x00\x01",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile(tmp_path: Path, case: str) -> None:
    """It is refused in one line, with little memory, and nothing else is read."""
    xml = _write(tmp_path, HOSTILE[case])
    tracemalloc.start()
    try:
        with pytest.raises(ModelFolderInvalid) as raised:
            check_ir(xml, xml.with_suffix(".bin"))
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    message = str(raised.value)
    assert str(xml) in message and "\n" not in message and "root:" not in message


def test_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is an end to the file's length and to its elements."""
    xml = _write(tmp_path, _net(more="<a/>" * 50))
    monkeypatch.setattr("answerable.reader.importing.ir_files._MAX_ELEMENTS", 20)
    with pytest.raises(ModelFolderInvalid, match="too many elements"):
        check_ir(xml, xml.with_suffix(".bin"))
    monkeypatch.setattr("answerable.reader.importing.ir_files._MAX_XML_BYTES", 100)
    with pytest.raises(ModelFolderInvalid, match="larger"):
        check_ir(xml, xml.with_suffix(".bin"))


def test_sources(tmp_path: Path) -> None:
    """A file or a folder is taken, its vocabulary beside it or one folder above."""
    precision = tmp_path / "FP32-INT8"
    precision.mkdir()
    xml = _write(precision, _net())
    (tmp_path / "vocab.txt").write_text("[PAD]\n")
    for number, source in enumerate((xml, precision)):
        assert is_ir(source)
        work = tmp_path / f"work{number}"
        work.mkdir()
        prepared = prepare_ir(source, work)
        names = sorted(path.name for path in prepared.folder.iterdir())
        assert names == ["model.bin", "model.xml", "vocab.txt"]
        assert prepared.null_answer == "none"
    assert not is_ir(tmp_path)


def test_sources_that_are_not_whole(tmp_path: Path) -> None:
    """Several models, a missing vocabulary and links are named."""
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    xml = _write(folder, _net())
    (tmp_path / "work").mkdir()
    with pytest.raises(ModelFolderInvalid, match=r"no vocab\.txt"):
        prepare_ir(xml, tmp_path / "work")
    (folder / "vocab.txt").symlink_to("/etc/passwd")
    with pytest.raises(ModelFolderInvalid, match="is a link"):
        prepare_ir(xml, tmp_path / "work")
    for name in ("second.xml", "second.bin"):
        (folder / name).write_text(_net())
    with pytest.raises(ModelFolderInvalid, match="several models"):
        prepare_ir(folder, tmp_path / "work")


def test_library_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the error says which it is."""
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ModelFolderInvalid, match=r"\.\[openvino\]"):
        OpenVinoSession(_write(tmp_path, _net()), 1)
