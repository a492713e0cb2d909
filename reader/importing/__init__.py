from .architectures import Architecture, Task, architecture_of
from .configuration import ModelConfig
from .onnx_graph import OnnxModel, read_onnx
from .plain_folder import quiet_library, write_plain_folder
from .source_model import SourceModel, load_source_model
from .sources import SOURCE_KINDS, NullAnswer, Prepared, SourceKind, prepare_source
from .tokenizer_files import TokenizerFacts, write_tokenizer

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
    "load_source_model",
    "prepare_source",
    "quiet_library",
    "read_onnx",
    "write_plain_folder",
    "write_tokenizer",
]
