"""HDF5: what checkpoints use of it, read without the HDF5 library and written with it.

The library trusts what it reads. Damaged files of less than 100 kB made it (1.14.6) loop for ever
or take all memory, which no caller can prevent. Checkpoints need little of the format: groups,
lists of texts, arrays in one piece. That is read here, by the "HDF5 File Format Specification
Version 3.0" (The HDF Group); its sections are named where they are read.
"""
