"""``python -m camembert_dual``: the command of the same words."""

import sys

from camembert_dual.cli import main

sys.exit(main())
