"""Keeps ONNX Runtime from reporting to its maker; import this before it.

From version 1.29 its builds for Linux and macOS send usage data over the network and write an
identifier of the machine to the user's cache, unless this variable is set when the library is
loaded; its own ``disable_telemetry_events()`` comes too late. Whoever wants the reports sets
the variable to 0.
"""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
