"""The model file, and files that are written whole or not at all."""

from fluvial.artifacts.atomic import atomic_path as atomic_path, check_writable as check_writable
from fluvial.artifacts.entries import (
    Entries as Entries,
    is_real as is_real,
    is_whole as is_whole,
    naming as naming,
)
from fluvial.artifacts.model_file import (
    ModelFile as ModelFile,
    read_model as read_model,
    write_model as write_model,
)
from fluvial.artifacts.trees import fill_tree as fill_tree, tree_to_arrays as tree_to_arrays
