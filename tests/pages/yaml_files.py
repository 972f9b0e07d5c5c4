"""Reads YAML files, and says how many; a key that comes twice is an error."""

import sys

import yaml


class Strict(yaml.SafeLoader):
    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"keys twice: {twice}", node.start_mark)
        return super().construct_mapping(node, deep)


for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        content = yaml.load(file, Strict)
    if not isinstance(content, dict):
        raise SystemExit(f"{path} holds no mapping")
    for job in (content.get("jobs") or {}).values():
        if not all("run" in step or "uses" in step for step in job["steps"]):
            raise SystemExit(f"{path}: a step neither runs nor uses anything")
print(len(sys.argv) - 1, "files")
