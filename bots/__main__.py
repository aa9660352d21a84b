"""`python -m bots` is the same as `synpunkt`."""

import sys

from bots.cli import main

sys.exit(main())
