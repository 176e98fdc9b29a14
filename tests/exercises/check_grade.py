"""Validates what `make grade` has written: results.json against the form that
Gradescope asks for, and junit.xml against what readers of JUnit's do; and that
both tell the same story.

Usage: check_grade.py none|all FOLDER
"""

import json
import sys
import xml.etree.ElementTree as ElementTree

want, folder = sys.argv[1:]


def check(condition, text):
    if not condition:
        sys.exit(f"{folder}: {text}")


with open(f"{folder}/results.json", encoding="ascii") as file:
    results = json.load(file)
check(set(results) == {"score", "output", "tests"}, "keys of results.json")
check(isinstance(results["output"], str), "output is no string")
check(isinstance(results["tests"], list) and results["tests"], "no tests")
for test in results["tests"]:
    keys = {"number", "name", "score", "max_score", "status", "visibility"}
    failed = test.get("status") == "failed"
    check(set(test) == keys | ({"output"} if failed else set()), f"keys: {test}")
    for key in "number", "name", "status", "visibility":
        check(isinstance(test[key], str) and test[key], f"{key}: {test}")
    for key in "score", "max_score":
        check(isinstance(test[key], (int, float)), f"{key}: {test}")
    check(test["status"] in ("passed", "failed"), f"status: {test}")
    check(test["visibility"] == "visible", f"visibility: {test}")
    check(0 <= test["score"] <= test["max_score"], f"score: {test}")
    check(test["score"] == (0 if failed else test["max_score"]), f"score: {test}")
    check(not failed or test["output"].strip(), f"no output: {test}")
    check(failed == (want == "none"), f"not {want}: {test}")
total = sum(test["score"] for test in results["tests"])
check(results["score"] == total, f"score is {results['score']}, not {total}")

root = ElementTree.parse(f"{folder}/junit.xml").getroot()
check(root.tag == "testsuites", "junit.xml begins with no testsuites")
cases = 0
for suite in root:
    check(suite.tag == "testsuite" and suite.get("name"), "a suite has no name")
    check(int(suite.get("tests")) == len(suite), f"tests: {suite.get('name')}")
    failures = 0
    for case in suite:
        check(case.tag == "testcase", f"a {case.tag} in a testsuite")
        check(case.get("classname") and case.get("name"), "a case has no name")
        test = results["tests"][cases]
        check(test["name"].startswith(case.get("classname") + ": "), "order")
        failure = case.find("failure")
        check((failure is not None) == (test["status"] == "failed"),
              f"the two files disagree about {case.get('name')}")
        if failure is not None:
            failures += 1
            check(failure.get("message") and failure.text, "an empty failure")
        cases += 1
    check(int(suite.get("failures")) == failures, "count of failures")
check(cases == len(results["tests"]) == int(root.get("tests")), "count of tests")
