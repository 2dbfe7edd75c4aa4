"""``python -m camembert_dual``: the command of the same words."""

import sys

from camembert_dual.cli import main

if __name__ == "__main__":
    sys.exit(main())
