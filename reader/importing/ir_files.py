"""OpenVINO's IR, an XML file and a BIN file, checked before the library sees either.

The XML may hold no entities and no document type, and every constant must lie inside the BIN.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from answerable.index import ModelFolderInvalid

_MAX_XML_BYTES = 32 << 20  # the INT8 model of BERT-large has 1.4 MB
_MAX_ELEMENTS = 1_000_000
_MAX_DEPTH = 32
_CHUNK = 1 << 20
_NUMBER = re.compile(r"[0-9]{1,15}")
_OPSETS = re.compile(r"opset[0-9]{1,2}|ie_internal_opset|experimental|extension|util")
_BODIES = ("TensorIterator", "Loop", "If")  # graphs within graphs, which BERT has not


@dataclass(frozen=True, slots=True)
class IrFacts:
    """What an IR says of itself, read without the library.

    Attributes:
        inputs: names of its inputs, in order.
        n_constants: weights and other constants.
        is_quantized: whether it has operations of rounding to 8 bits.
    """

    inputs: tuple[str, ...]
    n_constants: int
    is_quantized: bool


def check_ir(xml: Path, bin_: Path) -> IrFacts:
    """Check an IR.

    Raises:
        ModelFolderInvalid: a file is missing, the XML is damaged or means harm, or a constant
            lies outside the BIN.
    """
    try:
        size = xml.stat().st_size
        if size > _MAX_XML_BYTES:
            raise ModelFolderInvalid(f"it is larger than {_MAX_XML_BYTES >> 20} MiB")
        reading = _Reading(bin_.stat().st_size)
        with xml.open("rb") as file:
            while chunk := file.read(_CHUNK):
                reading.feed(chunk)
        return reading.end()
    except (ModelFolderInvalid, OSError, expat.ExpatError, ValueError) as exc:
        raise ModelFolderInvalid(f"cannot read {xml} as an OpenVINO model: {exc}") from exc


class _Reading:
    """Hears an XML file's elements one by one; keeps no tree."""

    def __init__(self, bin_bytes: int) -> None:
        self._bin_bytes = bin_bytes
        self._depth = self._n_elements = self._n_constants = 0
        self._root = ""
        self._layer: dict[str, str] = {}
        self._inputs: list[str] = []
        self._is_quantized = False
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.EntityDeclHandler = self._refuse

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._parser.Parse(chunk, False)

    def end(self) -> IrFacts:
        """Return the facts; there are no more bytes."""
        self._parser.Parse(b"", True)
        if self._root != "net" or not self._inputs:
            raise ModelFolderInvalid("it holds no network")
        return IrFacts(tuple(self._inputs), self._n_constants, self._is_quantized)

    def _refuse(self, *_: object) -> None:  # an external entity needs a declaration first
        raise ModelFolderInvalid("it declares entities or a document type, which no model does")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._n_elements += 1
        if self._n_elements > _MAX_ELEMENTS or self._depth > _MAX_DEPTH:
            raise ModelFolderInvalid("it has too many elements, or too deep ones")
        self._root = self._root or name
        if name == "layer":
            self._take_layer(attributes)
        elif name == "data" and self._layer.get("type") == "Const":
            self._check_constant(attributes)

    def _end(self, name: str) -> None:
        self._depth -= 1
        if name == "layer":
            self._layer = {}

    def _take_layer(self, attributes: dict[str, str]) -> None:
        kind = attributes.get("type", "")
        if kind in _BODIES:
            raise ModelFolderInvalid(f"it has a layer of type {kind}, which no reader has")
        if not _OPSETS.fullmatch(attributes.get("version", "opset1")):
            raise ModelFolderInvalid("it has a layer of no known set of operations")
        self._layer = attributes
        self._is_quantized |= kind == "FakeQuantize"
        if kind == "Parameter":
            self._inputs.append(attributes.get("name", ""))

    def _check_constant(self, attributes: dict[str, str]) -> None:
        self._n_constants += 1
        place = attributes.get("offset", ""), attributes.get("size", "")
        if not all(map(_NUMBER.fullmatch, place)) or sum(map(int, place)) > self._bin_bytes:
            raise ModelFolderInvalid("one of its constants lies outside the .bin file")
