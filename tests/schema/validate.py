"""Validates reports against the schema with the package `jsonschema`, which we did not write. Prints a line for each report.

usage: validate.py SCHEMA.json REPORT.json...
"""
import copy, json, pathlib, sys
from jsonschema import Draft202012Validator

schema = json.loads(pathlib.Path(sys.argv[1]).read_text())
Draft202012Validator.check_schema(schema)
judge = Draft202012Validator(schema)


def broken(report):
    """The report with one thing wrong, each time another."""
    def but(change):
        other = copy.deepcopy(report)
        change(other)
        return other

    yield "no schema_version", but(lambda r: r.pop("schema_version"))
    yield "version 2", but(lambda r: r.update(schema_version=2))
    yield "a size as text", but(lambda r: r["artifact"].update(unzipped_bytes="12 MB"))
    yield "a negative size", but(lambda r: r["artifact"].update(unzipped_bytes=-1))
    yield "a kind that is none", but(lambda r: r["artifact"].update(kind="tarball"))
    yield "a crate without bytes", but(lambda r: r["binaries"][0]["crates"][0].pop("file_bytes"))
    yield "evidence that is none", but(lambda r: r["binaries"][0]["evidence"][0].update(source="hearsay"))


for path in sys.argv[2:]:
    report = json.loads(pathlib.Path(path).read_text())
    errors = [f"{error.json_path}: {error.message[:300]}" for error in judge.iter_errors(report)]
    assert not errors, f"{path}: " + "\n".join(errors[:10])
    for what, wrong in broken(report):
        assert not judge.is_valid(wrong), f"{path} with {what} is let through"
    print(f"{pathlib.Path(path).name}: holds; {sum(1 for _ in broken(report))} broken ones do not")
