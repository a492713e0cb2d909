"""A stranger's ONNX file rewritten to our names: inputs, outputs, and lengths that are free.

Nothing of it runs here but the graph's own arithmetic, in ONNX Runtime. Needs the ``models``
extra (onnx), imported only when called.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from answerable.index import ModelFolderInvalid

from ..feeds import INPUT_NAMES, Ids, InputForm, Run
from .onnx_roles import IDS, MASK, Roles, find_roles

_MAX_BYTES = 2**31 - 1  # of a protocol buffer
_MAX_VOCABULARY = 4_000_000
_LOGITS = ("start_logits", "end_logits")
_DOMAINS = {"", "ai.onnx", "com.microsoft"}
_QUANTIZED = {
    "DequantizeLinear",
    "DynamicQuantizeLinear",
    "MatMulInteger",
    "MatMulNBits",
    "QAttention",
    "QLinearMatMul",
}


@dataclass(frozen=True, slots=True)
class OnnxModel:
    """A graph under our names.

    Attributes:
        graph: the ModelProto.
        task: by its outputs: start and end logits, or logits over a vocabulary.
        original: the file as it came, as a function of one window.
        vocab_size: rows of the table of words; None if it cannot be told.
        fixed_length: the only number of tokens that it takes; None if it takes any.
        is_quantized: it computes in 8 bits already.
        is_guess: start and end were told by their order alone.
    """

    graph: Any
    task: Literal["reader", "masked-lm"]
    original: Run
    vocab_size: int | None
    fixed_length: int | None
    is_quantized: bool
    is_guess: bool

    @property
    def outputs(self) -> tuple[str, ...]:
        """Our names of the outputs."""
        return _LOGITS if self.task == "reader" else ("logits",)


def read_onnx(path: Path, named_outputs: Sequence[str] = ()) -> OnnxModel:
    """Read an ONNX file and rewrite it to our names.

    Args:
        path: the file; tensors in other files must lie beside it.
        named_outputs: the user's names of start and end logits; none to find them.

    Raises:
        ModelFolderInvalid: it is damaged, refers to files elsewhere, or is neither a reader nor
            a masked-language model.
    """
    model = _load(path)
    graph = model.graph
    roles = find_roles(graph, named_outputs)
    _prune(graph, roles.outputs)
    used = {name for node in graph.node for name in node.input}
    roles = Roles(
        {role: name for role, name in roles.inputs.items() if name in used},
        roles.outputs,
        roles.is_guess,
    )
    original = _session(path)
    fixed = InputForm.of([i for i in original.get_inputs() if i.name == roles.inputs[IDS]]).length
    if fixed and MASK not in roles.inputs:
        raise ModelFolderInvalid(
            f"{path} takes {fixed} tokens, no fewer, and has no attention mask to hide the rest"
        )
    run = _original_run(original, roles, path)
    probe = np.arange(8, dtype=np.int64) % 4
    task, n_last = _task(run(probe, np.zeros_like(probe)), path)
    _rename(graph, roles, task, n_last)
    operators = {node.op_type for node in graph.node}
    return OnnxModel(
        model,
        task,
        _split_run(run, task),
        n_last if task == "masked-lm" else _vocab_size(graph),
        fixed,
        bool(operators & _QUANTIZED),
        roles.is_guess,
    )


def free_length(model: Any) -> Any:
    """Return a copy of a graph whose inputs may be of any length; it may not work."""
    import onnx

    freed = onnx.ModelProto()
    freed.CopyFrom(model)
    _free(freed.graph, ("batch", "length"))
    return freed


def _load(path: Path) -> Any:
    import onnx
    from google.protobuf.message import DecodeError

    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError("larger than 2 GB")
        model = onnx.load(path, load_external_data=False)
        _check_places(model, path)
        onnx.load_external_data_for_model(model, str(path.parent))
    except (OSError, ValueError, DecodeError, onnx.checker.ValidationError) as exc:
        raise ModelFolderInvalid(f"{path} is no ONNX file that can be read: {exc}") from exc
    if not model.graph.node or not model.graph.output:
        raise ModelFolderInvalid(f"{path} holds no graph")
    domains = {node.domain for node in model.graph.node} - _DOMAINS
    if domains:
        raise ModelFolderInvalid(
            f"{path} needs operators of {', '.join(sorted(domains))}, which ONNX Runtime lacks"
        )
    return model


def _check_places(model: Any, path: Path) -> None:
    """Refuse tensors that are kept in files elsewhere."""
    root = path.parent.resolve()
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key != "location":
                continue
            file = path.parent / entry.value
            if Path(entry.value).name != entry.value or file.resolve().parent != root:
                raise ValueError(f"a tensor is kept outside its folder, in {entry.value!r}")
            if not file.is_file():
                raise ValueError(f"{entry.value!r}, which holds its tensors, is missing")


def _session(path: Path) -> Any:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    try:
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as exc:  # whatever a hostile graph makes of the runtime
        raise ModelFolderInvalid(f"{path} cannot be loaded: {_first_line(exc)}") from exc


def _original_run(session: Any, roles: Roles, path: Path) -> Run:
    """Return the file, as it came, as a function of one window; outputs without padding."""
    ours = {name: role for role, name in roles.inputs.items()}
    others = [node for node in session.get_inputs() if node.name not in ours]
    form = InputForm.of(session.get_inputs())
    length = form.length

    def run(token_ids: Ids, type_ids: Ids) -> list[Any]:
        known = InputForm(dict.fromkeys(INPUT_NAMES, np.int64), length).feeds(token_ids, type_ids)
        feeds = {name: known[role].astype(form.types[name]) for name, role in ours.items()}
        for node in others:
            shape = [size if isinstance(size, int) else 1 for size in node.shape]
            feeds[node.name] = np.zeros(shape, form.types[node.name])
        try:
            given = session.run(list(roles.outputs), feeds)
            return [value[0, : len(token_ids)].astype(np.float32) for value in given]
        except Exception as exc:  # whatever a hostile graph makes of the runtime
            raise ModelFolderInvalid(f"{path} cannot be run: {_first_line(exc)}") from exc

    return run


def _split_run(run: Run, task: str) -> Run:
    def split(token_ids: Ids, type_ids: Ids) -> list[Any]:
        given = list(run(token_ids, type_ids))
        if task == "reader" and len(given) == 1:
            return [given[0][:, 0], given[0][:, 1]]
        return [value.reshape(len(token_ids), -1).squeeze() for value in given]

    return split


def _task(given: Sequence[Any], path: Path) -> tuple[Literal["reader", "masked-lm"], int]:
    """Return what a graph does and how long its outputs' last axis is, 0 without one."""
    shapes = [value.shape for value in given]
    if len(shapes) == 2 and all(len(s) == 1 or s[1:] == (1,) for s in shapes):
        return "reader", 0 if len(shapes[0]) == 1 else 1
    if len(shapes) == 1 and len(shapes[0]) == 2:
        if shapes[0][1] == 2:
            return "reader", 2
        if shapes[0][1] <= _MAX_VOCABULARY:
            return "masked-lm", int(shapes[0][1])
    raise ModelFolderInvalid(
        f"{path} gives values of shape {', '.join(map(str, shapes))} for 8 tokens: it is neither "
        "a reader (start and end logits) nor a masked-language model (logits over words)"
    )


def _prune(graph: Any, outputs: Iterable[str]) -> None:
    """Remove outputs and nodes that the wanted outputs do not need."""
    wanted = set(outputs)
    kept = [value for value in graph.output if value.name in wanted]
    nodes = []
    for node in reversed(graph.node):
        if wanted & set(node.output):
            wanted |= {name for name in node.input if name}
            for attribute in node.attribute:  # what a branch or a loop reads from outside
                for inner in attribute.g.node:
                    wanted |= set(inner.input)
            nodes.append(node)
    for old, new in ((graph.output, kept), (graph.node, nodes[::-1])):
        copied = [type(each).FromString(each.SerializeToString()) for each in new]
        del old[:]
        old.extend(copied)


def _rename(graph: Any, roles: Roles, task: str, n_last: int) -> None:
    """Give inputs and outputs our names, and start and end logits an output each."""
    from onnx import TensorProto, helper

    names = {name: role for role, name in roles.inputs.items()}
    taken = {name for node in graph.node for name in (*node.input, *node.output)} - names.keys()
    clash = taken & {*names.values(), *_LOGITS, "logits"} - set(roles.outputs)
    renamed = {name: f"source_{name}" for name in clash | set(roles.outputs)} | names
    for node in graph.node:
        for list_ in (node.input, node.output):
            for i, name in enumerate(list_):
                list_[i] = renamed.get(name, name)
    for tensor in graph.initializer:
        tensor.name = renamed.get(tensor.name, tensor.name)
    inputs = [value for value in graph.input if value.name in names]
    for value in inputs:
        value.name = names[value.name]
    copied = [type(value).FromString(value.SerializeToString()) for value in inputs]
    del graph.input[:]
    graph.input.extend(copied)
    del graph.value_info[:]
    del graph.output[:]
    sources = [renamed[name] for name in roles.outputs]
    outputs: dict[str, tuple[str | int, ...]] = dict.fromkeys(_LOGITS, ("batch", "length"))
    if task == "masked-lm":
        outputs = {"logits": ("batch", "length", n_last)}
    elif n_last:  # of one output with both, or of two that have an axis too many
        pairs = [(sources[0], 0), (sources[0], 1)] if n_last == 2 else [(s, 0) for s in sources]
        sources = []
        for i, (source, column) in enumerate(pairs):
            at = helper.make_tensor(f"answerable_column_{i}", TensorProto.INT64, [], [column])
            graph.initializer.append(at)
            sources.append(f"answerable_logits_{i}")
            graph.node.append(helper.make_node("Gather", [source, at.name], sources[-1:], axis=2))
    for source, name in zip(sources, outputs, strict=True):
        graph.node.append(helper.make_node("Cast", [source], [name], to=TensorProto.FLOAT))
    for name, shape in outputs.items():
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))


def _free(graph: Any, axes: Sequence[str]) -> None:
    for value in graph.input:
        for dimension, name in zip(value.type.tensor_type.shape.dim, axes, strict=False):
            dimension.dim_param = name


def _vocab_size(graph: Any) -> int | None:
    """Return the rows of the largest table that tokens are looked up in."""
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    rows = [
        shapes[node.input[0]][0]
        for node in graph.node
        if node.op_type == "Gather" and len(shapes.get(node.input[0], ())) == 2
    ]
    return max(rows, default=None)


def _first_line(exc: Exception) -> str:
    return str(exc).splitlines()[0] if str(exc) else type(exc).__name__
