"""Runs the very steps of a composite action, as GitHub's runner does, and prints what came of it as JSON.

Arguments: action.yml, a folder for the runner's files, and the context as JSON: {"inputs": …, "github": …}.
"""
import json
import os
import re
import subprocess
import sys

import yaml

path, folder, context = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
with open(path, encoding="utf-8") as file:
    action = yaml.safe_load(file)
NAME = re.compile(r"\b(?:inputs|github|steps)\.[A-Za-z0-9_.-]+")


def look_up(name):
    value = context
    for part in name.split("."):
        value = value.get(part, "") if isinstance(value, dict) else ""
    return str(value)


def expand(text):
    return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", lambda found: look_up(found[1]), text)


def holds(condition):
    python = NAME.sub(lambda found: repr(look_up(found[0])), condition).replace("&&", " and ").replace("||", " or ")
    return eval(python, {"__builtins__": {}})


given = context.get("inputs", {})
for name in given:
    assert name in action["inputs"], f"no input {name}"
for name, described in action["inputs"].items():
    assert name in given or not described.get("required"), f"input {name} is required"
context["inputs"] = {name: given.get(name, expand(str(described.get("default", "")))) for name, described in action["inputs"].items()}
context["steps"] = {}

files = {name: os.path.join(folder, name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
summary, ran, printed, code = files["GITHUB_STEP_SUMMARY"], [], "", 0
open(summary, "w").close()
for step in action["runs"]["steps"]:
    # Without a word of its own a step runs only if nothing failed before.
    if code or ("if" in step and not holds(step["if"])):
        continue
    assert step["shell"] == "bash" and "uses" not in step
    assert "${{" not in step["run"], "an expression in a script is an injection"
    open(files["GITHUB_OUTPUT"], "w").close()
    script = os.path.join(folder, "step.sh")
    with open(script, "w", encoding="utf-8") as file:
        file.write(step["run"])
    environment = {**os.environ, **files, "RUNNER_TEMP": folder}
    environment.update({name: expand(str(value)) for name, value in step.get("env", {}).items()})
    # https://docs.github.com/actions/reference/workflow-syntax-for-github-actions, "jobs.<job_id>.steps[*].shell", read 2026-11-29.
    done = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", script], env=environment, text=True, capture_output=True)
    ran.append(step["name"])
    printed += done.stdout + done.stderr
    code = done.returncode
    with open(files["GITHUB_OUTPUT"], encoding="utf-8") as file:
        outputs = dict(line.rstrip("\n").split("=", 1) for line in file)
    if "id" in step:
        context["steps"][step["id"]] = {"outputs": outputs}
with open(summary, encoding="utf-8") as file:
    text = file.read()
outputs = {name: expand(described["value"]) for name, described in action.get("outputs", {}).items()}
print(json.dumps({"code": code, "ran": ran, "printed": printed, "summary": text, "outputs": outputs}))
