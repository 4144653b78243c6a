"""What every log format and container must keep: rows, order, rejects, ids, bounded memory."""

from __future__ import annotations

import contextlib
import gzip
import json
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from revenuer.errors import InputError
from revenuer.find import ingest
from revenuer.settings import Settings
from revenuer.tables import ACCOUNTS, EXCHANGES, REJECTS

Row = dict[str, Any]
Read = Callable[..., tuple[ingest.IngestSummary, list[Row], list[Row]]]

ROWS: list[Row] = [
    {
        "exchange_id": f"x{number}",
        "requested_at": f"2026-03-01T12:00:{number:02d}Z",
        "account_id": f"a{number % 3}",
        "model": "m1",
        "prompt": f"What is {number}, exactly?\nSay it.",
        "completion": "é" * number,
        "input_tokens": number,
        "temperature": 0.5,
        "stream": number % 2 == 0,
    }
    for number in range(12)
]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read logs and give back the summary, the exchanges and the rejects."""

    def run(*logs: Path, accounts: Path | None = None, **values: Any) -> Any:
        out = tmp_path / "out"
        summary = ingest.read(
            [str(log) for log in logs],
            out=out,
            settings=Settings(**values),
            accounts=str(accounts) if accounts else None,
        )
        return summary, rows_of(out / "exchanges"), rows_of(out / "rejects.parquet")

    return run


def rows_of(path: Path) -> list[Row]:
    parts = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    return [row for part in parts for row in pq.read_table(part).to_pylist()]


def as_json_lines(rows: list[Row]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def as_zstd(content: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(content, asbytes=True))


def as_csv(rows: list[Row]) -> bytes:
    names = list(rows[0])
    quoted = (
        ",".join('"' + str(row[name]).replace('"', '""') + '"' for name in names) for row in rows
    )
    return "\r\n".join([",".join(names), *quoted, ""]).encode()


def as_parquet(rows: list[Row], *, kept: int | None = None) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows).slice(0, kept), sink)
    return bytes(sink.getvalue())


CONTAINERS: dict[str, Callable[[list[Row]], bytes]] = {
    "parquet": as_parquet,
    "json_lines": as_json_lines,
    "json_lines_gz": lambda rows: gzip.compress(as_json_lines(rows), mtime=0),
    "json_lines_zst": lambda rows: as_zstd(as_json_lines(rows)),
    "json_document": lambda rows: json.dumps(rows, indent=2).encode(),
    "csv": as_csv,
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_container_gives_the_same_exchanges(
    tmp_path: Path, read: Read, container: str
) -> None:
    (tmp_path / "log").write_bytes(CONTAINERS[container](ROWS))

    summary, rows, rejects = read(tmp_path / "log")

    (tmp_path / "plain").write_bytes(as_json_lines(ROWS))
    assert rows == read(tmp_path / "plain")[1] or container == "csv"
    assert [row["exchange_id"] for row in rows] == [row["exchange_id"] for row in ROWS]
    assert [row["prompt"] for row in rows] == [row["prompt"] for row in ROWS]
    assert (summary.rows_read, summary.rows_kept, summary.duplicates) == (12, 12, 0)
    assert rejects == []
    assert pq.read_schema(tmp_path / "out/exchanges/part-00000.parquet") == EXCHANGES.schema
    assert pq.read_schema(tmp_path / "out/accounts.parquet") == ACCOUNTS.schema
    assert pq.read_schema(tmp_path / "out/rejects.parquet") == REJECTS.schema


# --- every format -------------------------------------------------------------------------------

EXCHANGES_SENT: list[Row] = [
    {
        "exchange_id": "x-1",
        "requested_at": datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
        "account_id": "acct-1",
        "model": "model-a",
        "system_prompt": "Be brief.",
        "prompt": "Prove it again.",
        "history": '[{"role":"user","content":"Prove it."},{"role":"assistant","content":"No."}]',
        "completion": "Proof: é.",
        "turns": 2,
        "max_tokens": 256,
        "temperature": 0.25,
        "input_tokens": 40,
        "output_tokens": 9,
    },
    {
        "exchange_id": "x-2",
        "requested_at": datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC),
        "account_id": "acct-2",
        "model": "model-a",
        "system_prompt": None,
        "prompt": "Say nothing.",
        "history": None,
        "completion": "",
        "turns": 1,
        "max_tokens": 16,
        "temperature": 1.0,
        "input_tokens": 3,
        "output_tokens": 0,
    },
]
COLUMNS = tuple(EXCHANGES_SENT[0])


def spoken(row: Row) -> list[Row]:
    system = [{"role": "system", "content": row["system_prompt"]}] if row["system_prompt"] else []
    earlier = json.loads(row["history"] or "[]")
    return [*system, *earlier, {"role": "user", "content": row["prompt"]}]


def chat_request(row: Row) -> Row:
    return {
        "model": row["model"],
        "messages": spoken(row),
        "max_tokens": row["max_tokens"],
        "temperature": row["temperature"],
    }


def chat_response(row: Row) -> Row:
    message = {"role": "assistant", "content": row["completion"]}
    return {
        "id": row["exchange_id"],
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": row["input_tokens"], "completion_tokens": row["output_tokens"]},
    }


def openai_pair(row: Row) -> Row:
    return {
        "timestamp": row["requested_at"].isoformat(),
        "account_id": row["account_id"],
        "request": chat_request(row),
        "response": chat_response(row),
    }


def responses_pair(row: Row) -> Row:
    request = {
        "model": row["model"],
        "instructions": row["system_prompt"],
        "input": spoken({**row, "system_prompt": None}),
        "max_output_tokens": row["max_tokens"],
        "temperature": row["temperature"],
    }
    content = [{"type": "output_text", "text": row["completion"]}]
    response = {
        "id": row["exchange_id"],
        "output": [{"type": "message", "role": "assistant", "content": content}],
        "usage": {"input_tokens": row["input_tokens"], "output_tokens": row["output_tokens"]},
    }
    about = {"account_id": row["account_id"], "requested_at": row["requested_at"].timestamp()}
    return {"request": request, "response": response, "metadata": about}


def anthropic_pair(row: Row) -> Row:
    request = {**chat_request({**row, "system_prompt": None})}
    if row["system_prompt"]:
        request["system"] = [{"type": "text", "text": row["system_prompt"]}]
    response = {
        "id": row["exchange_id"],
        "type": "message",
        "content": [{"type": "text", "text": row["completion"]}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": row["input_tokens"], "output_tokens": row["output_tokens"]},
    }
    return {
        "requested_at": int(row["requested_at"].timestamp() * 1_000),
        "customer_id": row["account_id"],
        "request": json.dumps(request),
        "response": json.dumps(response),
    }


def litellm_payload(row: Row) -> Row:
    return {
        "id": row["exchange_id"],
        "litellm_call_id": "call",
        "call_type": "acompletion",
        "status": "success",
        "startTime": row["requested_at"].timestamp(),
        "model": row["model"],
        "prompt_tokens": row["input_tokens"],
        "completion_tokens": row["output_tokens"],
        "metadata": {"user_api_key_user_id": row["account_id"], "user_api_key_hash": "k"},
        "model_parameters": {"max_tokens": row["max_tokens"], "temperature": row["temperature"]},
        "messages": spoken(row),
        "response": chat_response(row),
    }


def spend_row(row: Row) -> Row:
    return {
        "request_id": row["exchange_id"],
        "call_type": "acompletion",
        "api_key": "k",
        "spend": 0.01,
        "startTime": row["requested_at"].strftime("%Y-%m-%d %H:%M:%S"),
        "model": row["model"],
        "user": row["account_id"],
        "prompt_tokens": row["input_tokens"],
        "completion_tokens": row["output_tokens"],
        "metadata": "{}",
        "messages": json.dumps(spoken(row)),
        "response": json.dumps(chat_response(row)),
        "proxy_server_request": json.dumps(
            {"max_tokens": row["max_tokens"], "temperature": row["temperature"]}
        ),
    }


def any_value(value: Any) -> Row:
    kinds = {int: "intValue", float: "doubleValue", str: "stringValue"}
    return {kinds[type(value)]: str(value) if isinstance(value, int) else value}


def parts(messages: list[Row]) -> str:
    return json.dumps(
        [
            {"role": m["role"], "parts": [{"type": "text", "content": m["content"]}]}
            for m in messages
        ]
    )


def otel_request(row: Row, *, is_old: bool = False) -> Row:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.response.id": row["exchange_id"],
        "gen_ai.request.model": row["model"],
        "gen_ai.request.max_tokens": row["max_tokens"],
        "gen_ai.request.temperature": row["temperature"],
        "user.id": row["account_id"],
    }
    answer = {"role": "assistant", "content": row["completion"]}
    events = []
    if is_old:
        attributes["gen_ai.system"] = "own"
        attributes["gen_ai.usage.prompt_tokens"] = row["input_tokens"]
        attributes["gen_ai.usage.completion_tokens"] = row["output_tokens"]
        for name, told in (("prompt", spoken(row)), ("completion", [answer])):
            content = {"key": f"gen_ai.{name}", "value": {"stringValue": json.dumps(told)}}
            events.append({"name": f"gen_ai.content.{name}", "attributes": [content]})
    else:
        attributes["gen_ai.provider.name"] = "own"
        attributes["gen_ai.usage.input_tokens"] = row["input_tokens"]
        attributes["gen_ai.usage.output_tokens"] = row["output_tokens"]
        attributes["gen_ai.input.messages"] = parts(spoken({**row, "system_prompt": None}))
        attributes["gen_ai.output.messages"] = parts([answer])
        if row["system_prompt"]:
            told = [{"type": "text", "content": row["system_prompt"]}]
            attributes["gen_ai.system_instructions"] = json.dumps(told)
    span = {
        "traceId": "t",
        "spanId": "s",
        "startTimeUnixNano": str(int(row["requested_at"].timestamp()) * 10**9),
        "attributes": [{"key": key, "value": any_value(v)} for key, v in attributes.items()],
        "events": events,
    }
    return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": [span]}]}]}


def langfuse_observation(row: Row) -> Row:
    return {
        "id": row["exchange_id"],
        "trace_id": "t",
        "type": "GENERATION",
        "start_time": row["requested_at"].strftime("%Y-%m-%d %H:%M:%S.%f"),
        "user_id": row["account_id"],
        "provided_model_name": row["model"],
        "model_parameters": json.dumps(
            {"max_tokens": row["max_tokens"], "temperature": row["temperature"]}
        ),
        "usage_details": json.dumps({"input": row["input_tokens"], "output": row["output_tokens"]}),
        "input": json.dumps(spoken(row)),
        "output": json.dumps({"role": "assistant", "content": row["completion"]}),
    }


def bedrock_log(row: Row) -> Row:
    def block(text: str) -> list[Row]:
        return [{"text": text}]

    sent = {
        "messages": [
            {"role": m["role"], "content": block(m["content"])}
            for m in spoken({**row, "system_prompt": None})
        ],
        "inferenceConfig": {"maxTokens": row["max_tokens"], "temperature": row["temperature"]},
    }
    if row["system_prompt"]:
        sent["system"] = block(row["system_prompt"])
    message = {"role": "assistant", "content": block(row["completion"])}
    return {
        "schemaType": "ModelInvocationLog",
        "timestamp": row["requested_at"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "accountId": row["account_id"],
        "identity": {"arn": "arn:aws:iam::1:user/u"},
        "requestId": row["exchange_id"],
        "operation": "Converse",
        "modelId": row["model"],
        "input": {"inputBodyJson": sent, "inputTokenCount": row["input_tokens"]},
        "output": {
            "outputBodyJson": {"output": {"message": message}, "stopReason": "end_turn"},
            "outputTokenCount": row["output_tokens"],
        },
    }


def own_row(row: Row) -> Row:
    return {**row, "requested_at": row["requested_at"].isoformat()}


#: Case -> the format's name, and how a row is written in it.
FORMATS: dict[str, tuple[str, Callable[[Row], Row]]] = {
    "own": ("own", own_row),
    "litellm": ("litellm", litellm_payload),
    "litellm_spend": ("litellm_spend", spend_row),
    "otel": ("otel", otel_request),
    "otel_old": ("otel", lambda row: otel_request(row, is_old=True)),
    "langfuse": ("langfuse", langfuse_observation),
    "bedrock": ("bedrock", bedrock_log),
    "openai": ("pairs", openai_pair),
    "responses": ("pairs", responses_pair),
    "anthropic": ("pairs", anthropic_pair),
}
cases = pytest.mark.parametrize("case", FORMATS)


def records_of(case: str, rows: list[Row] = EXCHANGES_SENT) -> list[Row]:
    return [FORMATS[case][1](row) for row in rows]


def shown(rows: list[Row]) -> list[Row]:
    return [{name: row[name] for name in COLUMNS} for row in rows]


def test_every_format_is_held_to_the_contract() -> None:
    assert {name for name, _ in FORMATS.values()} == set(ingest.SOURCES)


@cases
def test_every_format_round_trips(tmp_path: Path, read: Read, case: str) -> None:
    (tmp_path / "log").write_bytes(as_json_lines(records_of(case)))

    summary, rows, rejects = read(tmp_path / "log")

    assert rejects == []
    assert summary.files[0].format == FORMATS[case][0]
    assert shown(rows) == EXCHANGES_SENT


@pytest.mark.parametrize(
    ("case", "container"),
    [
        (case, container)
        for case, (name, _) in FORMATS.items()
        for container in CONTAINERS
        if name != "otel" or container.startswith("json")  # OTLP has no tables
    ],
)
def test_every_format_is_read_from_every_container(
    tmp_path: Path, read: Read, case: str, container: str
) -> None:
    records = records_of(case)
    if container == "csv":  # a cell holds text: nested fields are JSON
        records = [
            {
                n: json.dumps(v) if isinstance(v, dict | list) else "" if v is None else v
                for n, v in r.items()
            }
            for r in records
        ]
    (tmp_path / "log").write_bytes(CONTAINERS[container](records))

    summary, rows, rejects = read(tmp_path / "log")

    assert rejects == []
    assert summary.files[0].format == FORMATS[case][0]
    expected = EXCHANGES_SENT
    if container == "csv" and case == "own":  # CSV does not tell empty text from none
        expected = [{**row, "completion": row["completion"] or None} for row in expected]
    assert shown(rows) == expected


@cases
def test_a_forced_format_reads_the_same(tmp_path: Path, read: Read, case: str) -> None:
    (tmp_path / "log").write_bytes(as_json_lines(records_of(case)))

    assert shown(read(tmp_path / "log", formats=FORMATS[case][0])[1]) == EXCHANGES_SENT


@cases
def test_bad_records_are_named_and_the_rest_kept(tmp_path: Path, read: Read, case: str) -> None:
    old = {**EXCHANGES_SENT[0], "requested_at": datetime(2001, 1, 1, tzinfo=UTC)}
    negative = {**EXCHANGES_SENT[0], "exchange_id": "n", "output_tokens": -5}
    anonymous = {**EXCHANGES_SENT[0], "exchange_id": "a", "account_id": ""}
    lines = [
        *records_of(case, [EXCHANGES_SENT[0], old, negative, anonymous]),
        *records_of(case, [EXCHANGES_SENT[1]]),
    ]
    content = as_json_lines(lines[:4]) + b'{"cut": \n\xff\n7\n' + as_json_lines(lines[4:])
    (tmp_path / "log").write_bytes(content)

    _, rows, rejects = read(tmp_path / "log")

    assert shown(rows) == EXCHANGES_SENT or case in ("litellm", "litellm_spend")
    reasons = {reject["line"]: reject["reason"] for reject in rejects}
    assert reasons.pop(4, "account_id is missing") == "account_id is missing"
    assert reasons == {
        2: "requested_at is an impossible time",
        3: "output_tokens is negative",
        5: "the line is not valid JSON",
        6: "the line is not valid UTF-8",
        7: "the line is not a JSON object",
    }
    assert [reject["line"] for reject in rejects] == sorted(reject["line"] for reject in rejects)


@cases
def test_the_same_ids_count_once_and_the_first_stays(tmp_path: Path, read: Read, case: str) -> None:
    (tmp_path / "a.log").write_bytes(as_json_lines(records_of(case)))
    changed = [{**row, "model": "changed"} for row in EXCHANGES_SENT]
    third = {**EXCHANGES_SENT[0], "exchange_id": "x-3"}
    (tmp_path / "b.log").write_bytes(as_json_lines(records_of(case, [*changed, third])))

    summary, rows, _ = read(tmp_path / "b.log", tmp_path / "a.log")

    assert shown(rows) == [*EXCHANGES_SENT, third]
    assert summary.duplicates == 2


@cases
def test_output_is_the_same_bytes_on_a_rerun(tmp_path: Path, read: Read, case: str) -> None:
    (tmp_path / "log").write_bytes(as_json_lines(records_of(case)) + b"broken\n")
    contents = []
    for _ in range(2):
        read(tmp_path / "log")
        files = sorted((tmp_path / "out").rglob("*.parquet"))
        contents.append([file.read_bytes() for file in files])

    assert contents[0] == contents[1]


@cases
def test_a_key_leaves_no_raw_identifier_anywhere(tmp_path: Path, read: Read, case: str) -> None:
    secret = [{**row, "account_id": f"secret-{row['account_id']}"} for row in EXCHANGES_SENT]
    faulty = {**secret[0], "exchange_id": "f", "output_tokens": -1}
    (tmp_path / "log").write_bytes(as_json_lines(records_of(case, [*secret, faulty])))
    (tmp_path / "key").write_bytes(b"0123456789abcdef")
    (tmp_path / "accounts").write_bytes(b"account_id,plan\nsecret-acct-1,pro\nsecret-x,\xff\n")

    _, rows, rejects = read(
        tmp_path / "log", accounts=tmp_path / "accounts", pseudonym_key=tmp_path / "key"
    )

    accounts = rows_of(tmp_path / "out" / "accounts.parquet")
    assert accounts[0]["account_id"] == rows[0]["account_id"]
    assert len(rows[0]["account_id"]) == 32
    assert len(rejects) == 2
    assert "secret" not in json.dumps([rows, rejects, accounts], default=str)


def nested(depth: int) -> bytes:
    return b'{"requested_at": ' + b"[" * depth + b"]" * depth + b"}"


ODD: list[Any] = [
    *(None, True, False, 0, -1, 10**400, -(10**400), 2**63, 1e308, float("nan"), float("inf")),
    *("", " ", "NaN", "\ud800", "\0", "1" * 400, "{", "[", "[" * 3_000, "é" * 50),
    *([], [[]], [1, "a", None], {}, {"a": {}}, [{"type": []}], [{"role": [], "content": {}}]),
]


def mutations(record: Any) -> Iterator[Any]:
    """Yield the record with one field, at any depth, replaced by every odd value."""
    if isinstance(record, dict):
        for name, value in record.items():
            for odd in ODD:
                yield {**record, name: odd}
            for changed in mutations(value):
                yield {**record, name: changed}
            yield {n: v for n, v in record.items() if n != name}
    elif isinstance(record, list):
        for place, value in enumerate(record):
            for changed in [*ODD, *mutations(value)]:
                yield [*record[:place], changed, *record[place + 1 :]]


@cases
def test_every_field_may_hold_anything(tmp_path: Path, read: Read, case: str) -> None:
    good = records_of(case)
    odd = list(mutations(good[0]))
    content = b"".join(json.dumps(record).encode() + b"\n" for record in odd)
    (tmp_path / "log").write_bytes(content + as_json_lines(good[1:]))

    summary, rows, rejects = read(tmp_path / "log", formats=FORMATS[case][0])

    assert shown(rows)[-1] == EXCHANGES_SENT[1]
    assert len(odd) > 100
    for record in odd:
        for source in ingest.SOURCES.values():
            assert source.matches(record) in (True, False)
    assert summary.rows_kept + summary.duplicates + summary.skipped + len(rejects) >= len(odd)


HEAD = b'{"exchange_id": "z", "requested_at": "2026-03-01T12:00:00Z", "account_id": "a"'
MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "blank": b" \n\n\t\n",
    "zeros": b"\0" * 100,
    "words": b"no log at all\n",
    "utf16": '{"a": 1}'.encode("utf-16"),
    "bom_alone": b"\xef\xbb\xbf",
    "latin1": HEAD + b', "prompt": "\xe9"}\n',
    "overlong_utf8": HEAD + b', "prompt": "\xc0\xaf"}\n',
    "raw_surrogate": HEAD + b', "prompt": "\xed\xa0\x80"}\n',
    "raw_nul": HEAD + b', "prompt": "\0"}\n',
    "open_string": HEAD + b', "prompt": "\n',
    "open_object": HEAD + b"\n",
    "twice_closed": HEAD + b"}}\n",
    "trailing_comma": HEAD + b",}\n",
    "single_quotes": b"{'account_id': 'a'}\n",
    "python_none": HEAD + b', "prompt": None}\n',
    "array_line": b"7\n[1]\n",
    "array_of_numbers": b"[1, 2, 3]\n",
    "open_array": b"[",
    "open_array_of_objects": b'[{"requested_at": 1',
    "document_cut": b'{\n "resourceSpans": [\n {"scopeSpans": [',
    "null_line": b"null\n",
    "deep": nested(100_000),
    "deep_but_parsed": nested(900),
    "deep_object": b'{"requested_at": ' + b'{"a": ' * 5_000 + b"1" + b"}" * 5_001 + b"\n",
    "many_digits": b'{"account_id": "a", "requested_at": ' + b"9" * 5_000 + b"}\n",
    "bare_nan": b'{"account_id": "a", "requested_at": NaN}\n',
    "minus_infinity": b'{"account_id": "a", "requested_at": -Infinity}\n',
    "far_future": b'{"account_id": "a", "requested_at": "9999-12-31T23:59:59-23:59"}\n',
    "far_past": b'{"account_id": "a", "requested_at": "0001-01-01T00:00:00+23:59"}\n',
    "long_line": b'{"requested_at": 1, "prompt": "' + b"x" * 10_000_001 + b'"}\n',
    "long_line_without_end": b'{"prompt": "' + b"x" * 10_000_001,
    "csv_header_alone": b"requested_at,account_id\n",
    "csv_ragged": b"requested_at,account_id\n1\n1,2,3\n",
    "csv_open_quote": b'requested_at,account_id\n"1,a\n',
    "csv_latin1": b"requested_at,account_id\n2026-03-01,\xe9\n",
    "csv_huge_field": b"requested_at,account_id\n2026-03-01," + b"x" * 10_000_001 + b"\n",
    "csv_repeated_header": b"account_id,account_id\na,b\n",
    "csv_unnamed": b",,,\n,,,\n",
    "csv_bare_returns": b"requested_at,account_id\r2026-03-01,a\r",
    "gzip_magic": b"\x1f\x8b",
    "gzip_of_nothing": gzip.compress(b"", mtime=0),
    "gzip_cut": gzip.compress(as_json_lines(ROWS), mtime=0)[:30],
    "gzip_broken": gzip.compress(as_json_lines(ROWS), mtime=0)[:-9] + b"\0" * 9,
    "zstd_magic": b"\x28\xb5\x2f\xfd",
    "zstd_cut": as_zstd(as_json_lines(ROWS))[:20],
    "zstd_broken": b"\x28\xb5\x2f\xfd" + b"\xff" * 50,
    "parquet_magic": b"PAR1",
    "parquet_cut": as_parquet(ROWS)[:-50],
    "parquet_broken": as_parquet(ROWS)[:-400] + b"\0" * 392 + as_parquet(ROWS)[-8:],
    "parquet_in_gzip": gzip.compress(as_parquet(ROWS), mtime=0),
    "parquet_of_others": as_parquet([{"a": 1}]),
    "parquet_without_account": as_parquet([{"requested_at": 1, "prompt": "p"}]),
    "parquet_of_wrong_types": as_parquet([{"requested_at": [1], "account_id": {"a": 1}}]),
    "parquet_of_booleans": as_parquet([{"requested_at": True, "account_id": True}]),
    "parquet_without_rows": as_parquet(ROWS, kept=0),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_input_ends_in_a_sentence_and_a_hint(
    tmp_path: Path, read: Read, name: str
) -> None:
    (tmp_path / "log").write_bytes(MALFORMED[name])

    with pytest.raises(InputError, match=r"no exchange could be read from .*log") as caught:
        read(tmp_path / "log")

    assert "--format (litellm," in str(caught.value.hint)
    assert "--map our=theirs" in str(caught.value.hint)
    assert (tmp_path / "out" / "rejects.parquet").exists()


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_input_costs_its_neighbours_nothing(
    tmp_path: Path, read: Read, name: str
) -> None:
    (tmp_path / "a.bad").write_bytes(MALFORMED[name])
    (tmp_path / "b.good").write_bytes(as_json_lines(ROWS))

    summary, rows, rejects = read(tmp_path / "a.bad", tmp_path / "b.good")

    assert [row["exchange_id"] for row in rows] == [row["exchange_id"] for row in ROWS]
    assert rejects or name in ("csv_header_alone", "parquet_without_rows")
    assert {str(tmp_path / "a.bad")} >= {reject["file"] for reject in rejects}
    assert summary.rejects == len(rejects)


json_values = st.recursive(
    st.sampled_from(ODD) | st.text(st.characters(), max_size=5) | st.integers() | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "type", "text", "parts", "values", "key"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@cases
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_foreign_fields_of_any_shape_never_stop_a_run(
    read: Read, tmp_path: Path, case: str, data: st.DataObject
) -> None:
    record = records_of(case)[0]
    for name in data.draw(st.sets(st.sampled_from(sorted(record)), min_size=1, max_size=4)):
        record[name] = data.draw(json_values)
    (tmp_path / "log").write_bytes(
        json.dumps(record).encode() + b"\n" + as_json_lines(records_of(case)[1:])
    )

    _, rows, _ = read(tmp_path / "log", formats=FORMATS[case][0])

    assert shown(rows)[-1] == EXCHANGES_SENT[1]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    place=st.integers(0, 10_000),
    byte=st.integers(0, 255),
    container=st.sampled_from(sorted(CONTAINERS)),
)
def test_one_wrong_byte_never_stops_a_run(
    read: Read, tmp_path: Path, place: int, byte: int, container: str
) -> None:
    content = bytearray(CONTAINERS[container](ROWS))
    content[place % len(content)] = byte
    (tmp_path / "log").write_bytes(bytes(content))

    with contextlib.suppress(InputError):
        read(tmp_path / "log")


# --- ids, files, memory -------------------------------------------------------------------------


def without_ids(rows: list[Row]) -> list[Row]:
    return [{n: v for n, v in row.items() if n != "exchange_id"} for row in rows]


def test_a_log_given_twice_renamed_recompressed_and_appended_counts_once(
    tmp_path: Path, read: Read
) -> None:
    bare = without_ids(ROWS)
    (tmp_path / "a").write_bytes(as_json_lines([*bare[:8], bare[0]]))
    (tmp_path / "b").write_bytes(as_json_lines([*bare[:8], bare[0]]))
    (tmp_path / "c.gz").write_bytes(gzip.compress(as_json_lines([*bare[:8], bare[0], *bare[8:]])))
    (tmp_path / "d.parquet").write_bytes(as_parquet(bare))

    summary, rows, _ = read(*(tmp_path / name for name in ("a", "b", "c.gz", "d.parquet")))

    assert len(rows) == 13  # the twelve, and the one that came twice in one file
    assert len({row["exchange_id"] for row in rows}) == 13
    assert [file.format for file in summary.files] == ["own", "repeated", "own", "own"]


def test_order_of_arguments_changes_nothing(tmp_path: Path, read: Read) -> None:
    (tmp_path / "a").write_bytes(as_json_lines(ROWS[:6]))
    (tmp_path / "b").write_bytes(as_json_lines(ROWS[6:]))

    forth, back = read(tmp_path / "a", tmp_path / "b"), read(tmp_path / "b", tmp_path / "a")

    assert forth == back


def test_one_file_may_mix_both_makers(tmp_path: Path, read: Read) -> None:
    mixed = [openai_pair(EXCHANGES_SENT[0]), anthropic_pair(EXCHANGES_SENT[1])]
    (tmp_path / "log").write_bytes(as_json_lines(mixed))

    _, rows, _ = read(tmp_path / "log")

    assert shown(rows) == EXCHANGES_SENT
    assert [row["endpoint"] for row in rows] == ["chat", "messages"]


def test_a_folder_of_everything_is_read_whole(tmp_path: Path, read: Read) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    for number, case in enumerate(FORMATS):
        rows = [{**row, "exchange_id": f"{number}-{row['exchange_id']}"} for row in EXCHANGES_SENT]
        (folder / case).write_bytes(as_json_lines(records_of(case, rows)))
    (folder / "accounts.csv").write_bytes(b"account_id,plan\nacct-1,pro\nb\n")
    (folder / "README").write_text("about these logs")

    summary, rows, rejects = read(folder, accounts=folder / "accounts.csv")

    assert len(rows) == 2 * len(FORMATS)
    assert summary.accounts == 1
    assert [Path(reject["file"]).name for reject in rejects] == ["README", "accounts.csv"]


def test_an_earlier_run_inside_the_folder_is_no_log(tmp_path: Path, read: Read) -> None:
    (tmp_path / "log").write_bytes(as_json_lines(ROWS))

    first, again = read(tmp_path), read(tmp_path)

    assert first == again
    assert first[2] == []


def test_an_empty_folder_and_an_unknown_format_are_errors(tmp_path: Path, read: Read) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(InputError, match="no exchange could be read from 0 files"):
        read(tmp_path / "empty")
    (tmp_path / "log").write_bytes(as_json_lines(ROWS))
    with pytest.raises(InputError, match="there is no log format 'odd'") as caught:
        read(tmp_path / "log", formats="odd")
    assert str(caught.value.hint).startswith("choose among litellm,")


def test_the_error_names_the_first_reason(tmp_path: Path, read: Read) -> None:
    (tmp_path / "log").write_bytes(b'{"requested_at": "2026-03-01T12:00:00Z"}\n')

    with pytest.raises(InputError) as caught:
        read(tmp_path / "log")

    log = tmp_path / "log"
    assert str(caught.value) == (
        f"no exchange could be read from {log}: {log}, line 1: account_id is missing"
    )


def test_the_map_reads_logs_of_unknown_make(tmp_path: Path, read: Read) -> None:
    (tmp_path / "log").write_bytes(b"when,who,said\n2026-03-01T12:00:00+02:00,a,hello\n")

    _, rows, _ = read(
        tmp_path / "log",
        column_map={"requested_at": "when", "account_id": "who", "prompt": "said"},
    )

    assert (rows[0]["account_id"], rows[0]["prompt"]) == ("a", "hello")
    assert rows[0]["requested_at"] == datetime(2026, 3, 1, 10, tzinfo=UTC)


def test_the_customer_attribute_names_the_account(tmp_path: Path, read: Read) -> None:
    record = bedrock_log(EXCHANGES_SENT[0]) | {"requestMetadata": {"tenant": "t-1"}}
    (tmp_path / "log").write_bytes(as_json_lines([record]))

    assert (
        read(tmp_path / "log", customer_attribute="requestMetadata.tenant")[1][0]["account_id"]
        == "t-1"
    )


def test_progress_ends_at_the_whole_and_never_goes_back(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(as_json_lines(ROWS * 3_000))
    (tmp_path / "b").write_bytes(as_parquet(ROWS))
    seen: list[tuple[str, int, int | None]] = []

    ingest.read(
        [str(tmp_path / "a"), str(tmp_path / "b")],
        out=tmp_path / "out",
        settings=Settings(),
        progress=lambda *step: seen.append(step),
    )

    size = sum((tmp_path / name).stat().st_size for name in ("a", "b"))
    assert {stage for stage, _, _ in seen} == {"ingest"}
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    assert seen[-1] == ("ingest", size, size)


@pytest.mark.slow
@pytest.mark.parametrize("container", ["json_lines", "csv", "json_document"])
def test_memory_does_not_grow_with_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, container: str
) -> None:
    monkeypatch.setattr("revenuer.find.ingest.records.CHUNK_BYTES", 50_000)
    monkeypatch.setattr("revenuer.find.ingest.records.HEAD_BYTES", 1 << 14)
    monkeypatch.setattr("revenuer.find.ingest.lines.BLOCK_BYTES", 1 << 14)
    monkeypatch.setattr("revenuer.find.ingest.files.BLOCK_BYTES", 1 << 14)
    monkeypatch.setattr("revenuer.find.ingest.store.GROUP_ROWS", 100)
    peaks = []
    for copies in (50, 300):
        rows = [
            {**row, "exchange_id": f"{copy}-{row['exchange_id']}", "prompt": "long " * 50}
            for copy in range(copies)
            for row in ROWS
        ]
        (tmp_path / "log").write_bytes(CONTAINERS[container](rows))
        tracemalloc.start()
        ingest.read([str(tmp_path / "log")], out=tmp_path / "out", settings=Settings())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < 1.6 * peaks[0]
