"""What a pickle says, found without running it.

A pickle is a program. This interprets the few of its instructions that describe plain values
and tensors; ``pickletools`` only cuts the bytes into instructions. The name of a class or a
function stays a name, and must be on the caller's list: nothing is ever imported or called.
``torch_file`` says what the names stand for.
"""

import pickletools
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any, Protocol, cast

from answerable.index import ModelFolderInvalid

_MAX_INSTRUCTIONS = 2_000_000  # BERT-large with its optimizer takes some 60,000
_MAX_STACK = 200_000
_KEY_TYPES = (str, int, bool, type(None))
_MARK = object()


class ByteSource(Protocol):
    """What instructions are read from: a file, or a part of one."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes."""
        ...

    def readline(self) -> bytes:
        """Return the bytes up to the line's end."""
        ...


@dataclass(frozen=True, slots=True)
class Name:
    """A class or function that a pickle names: here nothing but its name."""

    path: str


@dataclass(frozen=True, slots=True)
class Unread:
    """Stands for a value that no model needs, such as a random number generator's state."""


Result = Callable[[tuple[Any, ...]], Any]
"""Makes what stands for the result of a call, from the arguments."""


def interpret(
    source: ByteSource, names: Mapping[str, Result], storage: Result | None = None
) -> Any:
    """Return the value that one pickle describes; the source is left just behind it.

    Args:
        source: where the pickle begins.
        names: what it may name, and what stands for their results.
        storage: what stands for data that is kept beside the pickle; None if there is none.

    Raises:
        ModelFolderInvalid: an instruction or a name is not one of these, or makes no sense.
    """
    machine = _Machine(names, storage)
    try:
        # Of escapes in a string that Python does not know it warns; the string stays as it is.
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            instructions = pickletools.genops(cast(IO[bytes], source))  # it only reads
            for count, (opcode, argument, _) in enumerate(instructions):
                if opcode.name == "STOP":
                    return machine.result()
                machine.step(opcode.name, argument)
                if count >= _MAX_INSTRUCTIONS or len(machine.stack) > _MAX_STACK:
                    raise ModelFolderInvalid("its pickle is too long")
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, AttributeError) as exc:
        raise ModelFolderInvalid("its pickle is damaged or cut short") from exc
    raise ModelFolderInvalid("its pickle is cut short")


class _Machine:
    """A stack and a memo, and one method for each kind of instruction."""

    def __init__(self, names: Mapping[str, Result], storage: Result | None) -> None:
        self.stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._names = names
        self._storage = storage

    def result(self) -> Any:
        if len(self.stack) != 1:
            raise ModelFolderInvalid("its pickle is damaged: it leaves more than one value")
        return self.stack.pop()

    def step(self, name: str, argument: Any) -> None:
        if name in _PLAIN:
            self.stack.append(argument)
        elif name in _NEW:
            self.stack.append(_NEW[name]())
        elif name in _TUPLES:
            self.stack[-_TUPLES[name] :] = [tuple(self.stack[-_TUPLES[name] :])]
        elif name in _STEPS:
            _STEPS[name](self, argument)
        elif name not in _WITHOUT_EFFECT:
            raise ModelFolderInvalid(f"its pickle does more than describe tensors ({name})")

    def put(self, place: int) -> None:
        self._memo[place] = self.stack[-1]

    def memoize(self, _: None) -> None:
        self._memo[len(self._memo)] = self.stack[-1]

    def get(self, place: int) -> None:
        self.stack.append(self._memo[place])

    def name(self, both: str) -> None:
        self._push_name(*both.split(" "))

    def name_of_stack(self, _: None) -> None:
        name = self.stack.pop()
        self._push_name(self.stack.pop(), name)

    def call(self, _: None) -> None:
        arguments, name = self.stack.pop(), self.stack.pop()
        if not isinstance(name, Name) or not isinstance(arguments, tuple):
            raise ModelFolderInvalid("its pickle calls what is not a name")
        self.stack.append(self._names[name.path](arguments))

    def state(self, _: None) -> None:
        """Take an object's attributes: of a namespace they are the values, of others unread."""
        values, owner = self.stack.pop(), self.stack[-1]
        if isinstance(owner, Namespace) and isinstance(values, dict):
            owner.update(values)
        elif not isinstance(owner, dict | Unread):
            raise ModelFolderInvalid("its pickle sets the attributes of what has none")

    def stored(self, _: None) -> None:
        if self._storage is None:
            raise ModelFolderInvalid("its pickle refers to data that it has no place for")
        self.stack.append(self._storage(self.stack.pop()))

    def tuple_of_marked(self, _: None) -> None:
        self.stack.append(tuple(self._marked()))

    def append(self, _: None) -> None:
        value = self.stack.pop()
        _list(self.stack[-1]).append(value)

    def extend(self, _: None) -> None:
        values = self._marked()
        _list(self.stack[-1]).extend(values)

    def set_item(self, _: None) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        _set(self.stack[-1], key, value)

    def set_items(self, _: None) -> None:
        items = self._marked()
        for key, value in zip(items[::2], items[1::2], strict=True):
            _set(self.stack[-1], key, value)

    def _marked(self) -> list[Any]:
        """Take all above the last mark, and the mark."""
        for place in range(len(self.stack) - 1, -1, -1):
            if self.stack[place] is _MARK:
                values = self.stack[place + 1 :]
                del self.stack[place:]
                return values
        raise ModelFolderInvalid("its pickle is damaged: a mark is missing")

    def _push_name(self, module: str, name: str) -> None:
        path = f"{module}.{name}"
        if path not in self._names:
            raise ModelFolderInvalid(
                f"its pickle names {path[:80]!r}, and may name nothing but tensors"
            )
        self.stack.append(Name(path))


class Namespace(dict[str, Any]):
    """A dict that was an object with attributes."""


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ModelFolderInvalid("its pickle appends to what is not a list")
    return value


def _set(owner: Any, key: Any, value: Any) -> None:
    if not isinstance(owner, dict) or not isinstance(key, _KEY_TYPES):
        raise ModelFolderInvalid("its pickle sets an item of what is not a plain dict")
    owner[key] = value


_PLAIN = frozenset(
    "BININT BININT1 BININT2 LONG1 BINFLOAT BINUNICODE SHORT_BINUNICODE BINUNICODE8 "
    "BINSTRING SHORT_BINSTRING BINBYTES SHORT_BINBYTES".split()
)
_WITHOUT_EFFECT = frozenset({"PROTO", "FRAME"})
_NEW: Mapping[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "MARK": lambda: _MARK,
}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_STEPS: Mapping[str, Callable[[_Machine, Any], None]] = {
    "APPEND": _Machine.append,
    "APPENDS": _Machine.extend,
    "BINGET": _Machine.get,
    "BINPERSID": _Machine.stored,
    "BINPUT": _Machine.put,
    "BUILD": _Machine.state,
    "GLOBAL": _Machine.name,
    "LONG_BINGET": _Machine.get,
    "LONG_BINPUT": _Machine.put,
    "MEMOIZE": _Machine.memoize,
    "NEWOBJ": _Machine.call,
    "REDUCE": _Machine.call,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "STACK_GLOBAL": _Machine.name_of_stack,
    "TUPLE": _Machine.tuple_of_marked,
}
