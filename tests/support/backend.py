"""The tree that ``CAMEMBERT_BACKEND`` names, ``pt`` or ``tf``: what the tests of both drive.

A process knows one: a framework that is never imported cannot help the other, or disturb it.
"""

import importlib
import os

tree = importlib.import_module(f"tree_{os.environ['CAMEMBERT_BACKEND']}")
