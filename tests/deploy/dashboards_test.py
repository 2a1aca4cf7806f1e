#!/usr/bin/env python3
"""The dashboards that are committed are those that make_dashboards.py writes, of metrics that there are.

dashboards_test.py SOURCE_DIR
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(sys.argv.pop(1))
GRAFANA = ROOT / "deploy" / "grafana"
METRIC = re.compile(r"\b(?:timbre|grpc_server|process)_\w+")


class DashboardsTest(unittest.TestCase):
    def test_the_committed_dashboards_are_made_of_their_source(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, "-B", GRAFANA / "make_dashboards.py", folder], check=True)
            made = {file.name: file.read_text() for file in pathlib.Path(folder).iterdir()}
        committed = {file.name: file.read_text() for file in (GRAFANA / "dashboards").iterdir()}
        self.assertEqual(made, committed, "run deploy/grafana/make_dashboards.py")

    # Also those of a GPU, which the live test never sees: their panels have other data where there is none.
    def test_every_metric_of_panels_and_rules_is_named_in_the_sources(self):
        sources = "".join(file.read_text() for file in (ROOT / "core" / "metrics").glob("*.cc"))
        exported = set(re.findall(r'"((?:timbre|grpc_server|process)_\w+)"', sources))
        texts = [file.read_text() for file in (GRAFANA / "dashboards").iterdir()]
        texts += [re.sub(r"#.*", "", file.read_text()) for file in (ROOT / "deploy/prometheus/rules").glob("*.yaml")]
        used = {re.sub(r"_(bucket|sum|count)$", "", name) for text in texts for name in METRIC.findall(text)}
        self.assertGreater(len(used), 40)
        self.assertEqual(used - exported, set())


if __name__ == "__main__":
    unittest.main()
