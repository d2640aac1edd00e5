# SPDX-License-Identifier: GPL-2.0
"""Reads TAP of any program that prints it."""
import re

LINE = re.compile(r"^\s*(not )?ok\s+\d*\s*-?\s*(.*?)\s*(?:#\s*SKIP\s*(.*))?$")


def parse(text):
    """(name, outcome, reason) for each test; a plan that was not kept is a failure."""
    results, diagnosis, planned = [], [], None
    for line in text.splitlines():
        plan = re.match(r"^1\.\.(\d+)", line)
        match = LINE.match(line)
        if plan:
            planned = int(plan.group(1))
        elif match and match.group(3) is not None:
            results.append((match.group(2), "skip", match.group(3)))
        elif match:
            results.append((match.group(2), "fail" if match.group(1) else "pass",
                            "\n".join(diagnosis)))
        if match:
            diagnosis = []
        elif not plan:
            diagnosis.append(line)
    if planned is None and not results:
        results.append(("prints TAP", "fail", text[-2000:]))
    elif planned is not None and planned != len(results):
        results.append(("runs all %d tests that it planned" % planned, "fail",
                        "ran %d\n%s" % (len(results), "\n".join(diagnosis))))
    return results
