#!/usr/bin/env python3
"""Prometheus' rules: they parse, every alert is seen firing and not firing, and the runbook has a section for each.

rules_test.py SOURCE_DIR
"""
import pathlib
import re
import subprocess
import sys
import unittest

import yaml

ROOT = pathlib.Path(sys.argv.pop(1))
RULES = ROOT / "deploy" / "prometheus" / "rules"
CASES = ROOT / "tests" / "deploy" / "rules"


def alerts():
    for group in yaml.safe_load((RULES / "alerts.yaml").read_text())["groups"]:
        yield from group["rules"]


class RulesTest(unittest.TestCase):
    def run_promtool(self, *words):
        done = subprocess.run(["promtool", *map(str, words)], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_rules_parse(self):
        self.run_promtool("check", "rules", *sorted(RULES.glob("*.yaml")))

    def test_alerts_fire_when_they_should_and_only_then(self):
        for cases in sorted(CASES.glob("*.yaml")):
            with self.subTest(cases.name):
                self.run_promtool("test", "rules", cases)

    def test_every_alert_is_seen_firing_and_not_firing(self):
        seen = set()
        for cases in CASES.glob("*.yaml"):
            for test in yaml.safe_load(cases.read_text())["tests"]:
                seen |= {(case["alertname"], bool(case["exp_alerts"])) for case in test["alert_rule_test"]}
        for alert in alerts():
            for fires in (True, False):
                self.assertIn((alert["alert"], fires), seen, "alert, fires")

    def test_every_alert_has_a_severity_a_summary_and_its_section_of_the_runbook(self):
        runbook = set(re.findall(r"^## (\w+)$", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE))
        names = [alert["alert"] for alert in alerts()]
        self.assertEqual(sorted(runbook), sorted(names))
        for alert in alerts():
            self.assertIn(alert["labels"]["severity"], ("page", "ticket"))
            self.assertTrue(alert["annotations"]["summary"])
            self.assertEqual(alert["annotations"]["runbook_url"], f"docs/runbook.md#{alert['alert'].lower()}")

    def test_configurations_of_prometheus_and_alertmanager_are_valid(self):
        self.run_promtool("check", "config", ROOT / "deploy" / "prometheus" / "prometheus.yml")
        done = subprocess.run(["amtool", "check-config", ROOT / "deploy" / "alertmanager" / "alertmanager.yml"],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
