"""One source, two dialects: what is written for DuckDB, in Spark's words.

sqlglot knows most of it: `//`, `varchar`, where nulls are ordered, that `any_value` passes over
nulls, `$name`. `RENAMED` holds what it does not know. What neither can mend is written so that it
means the same in both: decision 0006 lists it, `tests/contracts/test_engine.py` compares results.
"""

from __future__ import annotations

import sqlglot
from sqlglot import exp
from sqlglot.errors import UnsupportedError

#: Functions that sqlglot does not know, and Spark's names of them; no other may be used.
RENAMED = {"epoch_us": "unix_micros"}


def to_spark(text: str) -> str:
    """Return a query of DuckDB's dialect in Spark's; `$name` becomes `:name`.

    Raises:
        UnsupportedError: Spark has no such thing, or nobody has looked up what it calls it.

    Example:
        >>> to_spark("select epoch_us(t.a) // 10 as tens from t where b = $b order by tens")
        'SELECT UNIX_MICROS(t.a) DIV 10 AS tens FROM t WHERE b = :b ORDER BY tens NULLS LAST'
    """
    query = sqlglot.parse_one(text, read="duckdb")
    for function in query.find_all(exp.Anonymous):
        if function.name.lower() not in RENAMED:
            raise UnsupportedError(f"{function.name}: not in RENAMED, what Spark calls it")
        function.set("this", RENAMED[function.name.lower()].upper())
    return query.sql(dialect="spark", comments=False, unsupported_level=sqlglot.ErrorLevel.RAISE)
