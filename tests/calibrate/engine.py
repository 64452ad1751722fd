"""Runs the Athena query on DuckDB over log events (JSON lines: log_group, log_stream, at_ms, message) and writes its rows as CSV."""
import sys

import duckdb

query, events, out = sys.argv[1:4]
database = duckdb.connect()
database.execute(
    "CREATE VIEW lambda_events AS SELECT * FROM read_json(?, format = 'newline_delimited', columns = "
    "{log_group: 'VARCHAR', log_stream: 'VARCHAR', at_ms: 'BIGINT', message: 'VARCHAR'})".replace("?", f"'{events}'")
)
with open(query) as file:
    text = file.read()
database.execute(f"COPY ({text}) TO '{out}' (FORMAT csv, HEADER)")
