"""How the bundled checkpoint ``camembert-tiny-fr`` is made; not a part of the package."""
