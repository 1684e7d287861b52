"""Checks OCSF events, one JSON document a line on standard input, against the schema of their class."""

import json
import sys

from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

schemas = OcsfJsonSchemaEmbedded(get_ocsf_schema(version="1.8.0"))
validators = {}


def problems(event):
    uid = event.get("class_uid")
    if uid not in validators:
        name = schemas.lookup_class_name_from_uid(class_uid=uid)
        validators[uid] = Draft202012Validator(schemas.get_class_schema(class_name=name, profiles=[]))
    found = [f"{error.json_path}: {error.message[:200]}" for error in validators[uid].iter_errors(event)]
    activity = event.get("activity_id")
    if event.get("type_uid") != uid * 100 + activity:
        found.append("$.type_uid: is not that of its class and activity")
    if event.get("category_uid") != uid // 1000:
        found.append("$.category_uid: is not that of its class")
    return found


for line in sys.stdin:
    print(json.dumps(problems(json.loads(line))), flush=True)
