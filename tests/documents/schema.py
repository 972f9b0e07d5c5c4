"""Validates run.json files against the committed schema. Arguments: the schema, then the files; those
after `--whole` must hold nothing that the schema does not describe."""

import json
import sys

from jsonschema import Draft202012Validator

schema = json.load(open(sys.argv[1], encoding="utf-8"))
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)


def closed(node):
    """The schema with no room for what it does not name."""
    if isinstance(node, list):
        return [closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: closed(value) for key, value in node.items()}
    if isinstance(node.get("properties"), dict) and "type" in node:
        node.setdefault("additionalProperties", False)
    return node


strict = Draft202012Validator(closed(schema))
whole = False
seen = 0
for name in sys.argv[2:]:
    if name == "--whole":
        whole = True
        continue
    report = json.load(open(name, encoding="utf-8"))
    for error in (strict if whole else validator).iter_errors(report):
        sys.exit(f"{name}: {error.json_path}: {error.message}")
    seen += 1

# That it can fail: a wrong type, a wrong version, a name that is not described.
for broken in ({"schema_version": "1"}, {"schema_version": 2}, {"schema_version": 1, "seed": -1}, {}):
    assert list(validator.iter_errors(broken)), broken
assert list(strict.iter_errors({"schema_version": 1, "novelty": 1}))
assert not list(validator.iter_errors({"schema_version": 1, "novelty": 1}))
print(seen)
