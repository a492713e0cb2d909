"""How messages lie on the two pipes between the parent and the child that opens documents."""

import struct

HEADER = struct.Struct(">I")
"""The length of the JSON that follows, in bytes."""
