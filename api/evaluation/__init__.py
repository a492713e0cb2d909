"""Evaluation: of a reader on a file, of the whole path over an index, of retrieval and its speed."""
