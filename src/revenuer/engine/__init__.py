"""Run portable SQL and Arrow kernels.

The only part that opens a query engine. Each `.sql` file lies beside the stage that owns it;
`Duck` runs it on DuckDB, out of core, with tables bound by name. Values reach a file as `$name`
parameters, never by pasting text together.
"""

from revenuer.engine.duck import Duck

__all__ = ["Duck"]
