"""The commands, one file each; `main` lists them and turns errors into sentences.

A command parses, calls one verb and prints: data to stdout, remarks to stderr. It holds no logic
and catches nothing.
"""
