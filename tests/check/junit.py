"""Reads JUnit XML with junitparser, and checks its counts. Arguments: the file."""
import sys

from junitparser import JUnitXml

xml = JUnitXml.fromfile(sys.argv[1])
for suite in xml:
    said = (suite.tests, suite.failures, suite.errors, suite.skipped)
    suite.update_statistics()
    assert said == (suite.tests, suite.failures, suite.errors, suite.skipped), said
    for case in suite:
        kinds = ",".join(f"{result.type}: {result.message}" for result in case.result) or "passed"
        print(case.name, kinds, sep="\t")
