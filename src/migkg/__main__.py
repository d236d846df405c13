"""``python -m migkg`` is the ``migkg`` command."""

import sys

from migkg.cli.main import main

sys.exit(main())
