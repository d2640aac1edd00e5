# SPDX-License-Identifier: GPL-2.0
"""Reads TAP of any program that prints it."""
import re

PLAN = re.compile(r"^1\.\.(\d+)\s*(?:#\s*SKIP\s*(.*))?")
LINE = re.compile(r"^\s*(not )?ok\s+\d*\s*-?\s*(.*?)\s*(?:#\s*SKIP\s*(.*))?$")


def parse(text):
    """(name, outcome, reason) for each test; a plan that was not kept is a failure."""
    results, diagnosis, planned = [], [], None
    for line in text.splitlines():
        plan = PLAN.match(line)
        match = LINE.match(line)
        if plan:
            planned = int(plan.group(1))
            if plan.group(2) is not None:
                results.append(("all of it", "skip", plan.group(2)))
                planned = len(results)
        elif match and match.group(3) is not None:
            results.append((match.group(2), "skip", match.group(3)))
        elif match:
            results.append((match.group(2), "fail" if match.group(1) else "pass",
                            "\n".join(diagnosis)))
        if match:
            diagnosis = []
        elif not plan:
            diagnosis.append(line)
    if not planned and not results:
        results.append(("prints TAP", "fail", text[-2000:]))
    elif planned is not None and planned != len(results):
        results.append(("runs all %d tests that it planned" % planned, "fail",
                        "ran %d\n%s" % (len(results), "\n".join(diagnosis))))
    return results


def all_pass(job, skips=()):
    """All tests of a program in a machine have to: how many these are. skips: regular expressions of
    the reasons for which it may skip some: where nothing else is to be expected."""
    done, bad = job.result(check=False), []
    results = parse(done.out)
    for name, outcome, why in results:
        if outcome == "fail":
            bad.append(name)
        elif outcome == "skip" and any(re.fullmatch(reason, why) for reason in skips):
            print("# %s is skipped: %s" % (name, why))
        elif outcome == "skip":
            bad.append("%s (skipped: %s)" % (name, why))
    if done.status and not bad:
        bad.append("exit status %d" % done.status)
    if bad:
        raise AssertionError("%s: %s do not pass:\n%s" % (job.command, bad, done.out[-20000:]))
    return len(results)
