from .architectures import Architecture, Task, architecture_of
from .configuration import ModelConfig
from .onnx_graph import OnnxModel, read_onnx
from .plain_folder import quiet_library, write_plain_folder
from .prepared import NullAnswer, Prepared
from .source_model import SourceModel, load_source_model
from .sources import SOURCE_KINDS, SourceKind, kind_of, prepare_source
from .tokenizer_files import TokenizerFacts, write_tokenizer
from .yaml_files import read_yaml, value_at

__all__ = [
    "SOURCE_KINDS",
    "Architecture",
    "ModelConfig",
    "NullAnswer",
    "OnnxModel",
    "Prepared",
    "SourceKind",
    "SourceModel",
    "Task",
    "TokenizerFacts",
    "architecture_of",
    "kind_of",
    "load_source_model",
    "prepare_source",
    "quiet_library",
    "read_onnx",
    "read_yaml",
    "value_at",
    "write_plain_folder",
    "write_tokenizer",
]
