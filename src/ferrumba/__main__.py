"""``python -m ferrumba``: the same as the command ``ferrumba``."""

import sys

from ferrumba.cli import main

sys.exit(main())
