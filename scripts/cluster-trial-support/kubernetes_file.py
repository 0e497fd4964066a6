"""Whether a file is what Kubernetes takes: each field is one of its API with a value of that type, and none is missing.

    /usr/bin/python3 kubernetes_file.py FILE    prints what is wrong, a line each; 1 where something is

The API is that of Debian's python3-kubernetes (1.22 in bookworm). Fields that came later stand below, as
https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/ has them.
"""

import re
import sys

import kubernetes.client
import yaml

PLAIN = {"str": str, "int": int, "bool": bool, "object": object}
KINDS = {"Job": "V1Job"}
LATER_FIELDS = {"V1JobSpec": {"backoffLimitPerIndex": "int", "podFailurePolicy": "V1PodFailurePolicy"}}
LATER_TYPES = {
    "V1PodFailurePolicy": {"rules": "list[V1PodFailurePolicyRule]"},
    "V1PodFailurePolicyRule": {
        "action": "str",
        "onExitCodes": "V1PodFailurePolicyOnExitCodesRequirement",
        "onPodConditions": "list[V1PodFailurePolicyOnPodConditionsPattern]"},
    "V1PodFailurePolicyOnExitCodesRequirement": {"containerName": "str", "operator": "str", "values": "list[int]"},
    "V1PodFailurePolicyOnPodConditionsPattern": {"type": "str", "status": "str"},
}


def wrong(value, kind, path):
    """What is wrong with a value that is to be of this type of the API."""
    many = re.fullmatch(r"list\[(.*)\]", kind)
    if many:
        if not isinstance(value, list):
            return [f"{path}: no list"]
        return [line for index, one in enumerate(value) for line in wrong(one, many[1], f"{path}[{index}]")]
    table = re.fullmatch(r"dict[(\[]str, (.*)[)\]]", kind)
    if table:
        if not isinstance(value, dict):
            return [f"{path}: no object"]
        return [line for key, one in value.items() for line in wrong(one, table[1], f"{path}.{key}")]
    if kind in PLAIN:
        # A bool is an int to Python.
        fits = isinstance(value, PLAIN[kind]) and (kind != "int" or not isinstance(value, bool))
        return [] if fits else [f"{path}: {value!r} is no {kind}"]
    return _wrong_object(value, kind, path)


def _wrong_object(value, kind, path):
    if not isinstance(value, dict):
        return [f"{path}: no object"]
    model = getattr(kubernetes.client, kind, None)
    fields = dict(LATER_TYPES.get(kind, {}))
    lines = []
    if model is not None:
        fields = {key: model.openapi_types[name] for name, key in model.attribute_map.items()}
        try:
            model(**{name: value.get(key) for name, key in model.attribute_map.items()})
        except ValueError as missing:
            lines.append(f"{path}: {missing}")
    fields |= {key: one for key, one in LATER_FIELDS.get(kind, {}).items() if key not in fields}
    for key, one in value.items():
        if key in fields:
            lines += wrong(one, fields[key], f"{path}.{key}")
        else:
            lines.append(f"{path}.{key}: {kind} has no such field")
    return lines


def main():
    """Looks at all documents of the file."""
    with open(sys.argv[1], encoding="utf-8") as file:
        documents = list(yaml.safe_load_all(file))
    lines = [] if documents else ["no document"]
    for number, document in enumerate(documents):
        kind = KINDS.get((document or {}).get("kind"))
        lines += wrong(document, kind, f"{number}") if kind else [f"{number}: of no kind that is known"]
    print("\n".join(lines), end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
