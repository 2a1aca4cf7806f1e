#!/usr/bin/env python3
"""The dashboards that are committed are those that make_dashboards.py writes.

dashboards_test.py SOURCE_DIR
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

GRAFANA = pathlib.Path(sys.argv.pop(1)) / "deploy" / "grafana"


class DashboardsTest(unittest.TestCase):
    def test_the_committed_dashboards_are_made_of_their_source(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, "-B", GRAFANA / "make_dashboards.py", folder], check=True)
            made = {file.name: file.read_text() for file in pathlib.Path(folder).iterdir()}
        committed = {file.name: file.read_text() for file in (GRAFANA / "dashboards").iterdir()}
        self.assertEqual(made, committed, "run deploy/grafana/make_dashboards.py")


if __name__ == "__main__":
    unittest.main()
