"""The workloads: each file lists its rows, makes their inputs, and says how a library runs them.

``ROWS`` are its rows. ``inputs(row, corpus)`` makes arrays, the same for all libraries.
``PEERS`` is a library's name to a function of a ``Case``, which prepares a call of no arguments.
``work(row, inputs, config)`` counts the multiplications and additions that no call can do without,
or is None. A file is read in each library's environment, so it imports frameworks where it uses
them.
"""

MODULES = ("torch_forward", "loading", "converting", "tokenizing")
