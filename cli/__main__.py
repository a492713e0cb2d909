"""``python -m answerable.cli``: the same as the ``answerable`` command."""

import sys

from .main import main

sys.exit(main())
