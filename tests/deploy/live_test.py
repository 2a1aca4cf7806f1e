#!/usr/bin/env python3
"""Every query of every panel and rule against a real Prometheus that scrapes a real timbred under load: a panel without
data fails, and so does a rule that names a metric which nobody exports.

live_test.py TIMBRED TIMBRE SOURCE_DIR
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

import yaml

TIMBRED, TIMBRE, SOURCE = sys.argv[1:4]
del sys.argv[1:]
sys.path.insert(0, str(pathlib.Path(SOURCE) / "scripts"))
import observed  # noqa: E402

AUDIO = pathlib.Path(SOURCE) / "tests" / "data" / "audio"
ROUNDS = 6
# Exported on machines with a GPU, and by servers with TLS.
ELSEWHERE = {"timbre_device_memory_bytes", "timbre_device_utilization_ratio",
             "timbre_tls_certificate_expiry_timestamp_seconds"}
# A short training learns nothing; how fast answers come, and who else fills the disk, is this machine's affair.
EXPECTED = {"TimbreTrainingUnwell", "TimbreQueueOld", "TimbreSlowFast", "TimbreSlowSlow", "TimbreSlowLasting", "TimbreDiskFull"}
METRIC = re.compile(r"\b(?:(?:timbre|grpc_server|process)[_:][\w:]+|up\b)")
SELECTOR = re.compile(r"\b((?:timbre|grpc_server|process)[_:][\w:]+)(\{[^}]*\})")


class LiveTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        folder = pathlib.Path(folder)
        cls.server = cls.enterClassContext(observed.running_server(TIMBRED, TIMBRE, folder, AUDIO))
        cls.prometheus = cls.enterClassContext(observed.running_prometheus(folder, cls.server.metrics))
        cls.begin = time.time()
        cls.put_under_load()
        observed.wait_for("the last scrape", lambda: cls.prometheus.get(
            "query", query=f'timbre_embed_requests_total{{outcome="ok"}} >= {ROUNDS * len(cls.clips)}')["result"])
        cls.end = time.time()

    @classmethod
    def put_under_load(cls):
        cls.clips = sorted((AUDIO / "test").glob("*.ogg"))
        cls.server.timbre("dataset", "upload", "songs", AUDIO / "train", "--wait")
        cls.server.timbre("train", "--dataset", "songs", "--model", "m", "--steps", "15", "--batch", "4", "--watch")
        cls.server.timbre("promote", "m/1")
        # A rate needs a sample from before the load: it stands at zero from the promotion on.
        observed.wait_for("a scrape since the promotion", lambda: cls.prometheus.get(
            "query", query='timbre_embed_requests_total{model="m"} == 0')["result"])
        for _ in range(ROUNDS):
            cls.server.timbre("embed", *cls.clips)

    def test_every_query_of_every_panel_finds_data(self):
        for dashboard, panel, expression in observed.panel_queries():
            with self.subTest(f"{dashboard}: {panel}", expression=expression):
                self.assertTrue(self.prometheus.values(expression, self.begin, self.end), "no data")

    def test_every_rule_runs_and_its_metrics_are_exported(self):
        names = self.prometheus.names()
        for rule, expression in observed.rule_queries():
            with self.subTest(rule):
                self.assertIsNotNone(self.prometheus.get("query", query=expression))
                used = set(METRIC.findall(re.sub(r"\{.*?\}", "", expression)))
                self.assertTrue(used, "the expression names no metric")
                self.assertEqual(sorted(used - ELSEWHERE - names), [], "nobody exports these")
                for name, labels in SELECTOR.findall(expression):
                    if name not in ELSEWHERE:  # a label that nothing has would let an alert sleep for ever
                        self.assertTrue(self.prometheus.get("query", query=f"count({name}{labels})")["result"], name + labels)

    def test_a_server_that_is_well_is_about_to_fire_no_alert(self):
        # Pending ones count too: most must last for longer than this test does.
        raised = {alert["labels"]["alertname"] for alert in self.prometheus.get("alerts")["alerts"]}
        self.assertEqual(raised - EXPECTED, set())

    def test_the_metrics_pass_promtool(self):
        done = subprocess.run(["promtool", "check", "metrics"], input=self.server.metrics_text(), capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_messages_are_counted_in_both_directions_of_unary_calls_and_streams(self):
        text = self.server.metrics_text()
        def count(direction, method):
            start = f'grpc_server_msg_{direction}_total{{grpc_method="{method}",'
            return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(start))
        requests = ROUNDS * len(self.clips)
        self.assertGreaterEqual(count("received", "Embed"), requests)
        self.assertEqual(count("received", "Embed"), count("sent", "Embed"))
        self.assertEqual(count("received", "WatchJob"), 2, "one for the ingest, one for the training")
        self.assertGreater(count("sent", "WatchJob"), 15, "an event for each step")
        self.assertGreater(count("received", "UploadDataset"), 12, "more than one message a file")
        self.assertEqual(count("sent", "UploadDataset"), 1)

    def test_a_stream_counts_like_a_request_with_its_audio_and_its_phases(self):
        def values():
            series = ('timbre_embed_requests_total{model="m",outcome="ok"}', 'timbre_embed_audio_seconds_total{model="m"}',
                      'timbre_embed_request_phase_seconds_count{model="m",phase="infer"}')
            lines = dict(line.rsplit(" ", 1) for line in self.server.metrics_text().splitlines() if not line.startswith("#"))
            return [float(lines[name]) for name in series]
        before = values()
        self.server.timbre("embed", "--stream", self.clips[0])
        requests, seconds, pieces = (new - old for new, old in zip(values(), before))
        self.assertEqual(requests, 1)
        self.assertGreater(seconds, 1)
        self.assertGreaterEqual(pieces, 1)

    def test_a_replica_takes_its_model_as_its_manifest_says_and_serves_the_same_space(self):
        deployment, = (document for document in yaml.safe_load_all(
            (pathlib.Path(SOURCE) / "deploy/kubernetes/cpu/replicas.yaml").read_text()) if document["kind"] == "Deployment")
        container, = deployment["spec"]["template"]["spec"]["containers"]
        command = container["lifecycle"]["postStart"]["exec"]["command"]
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        replica = self.enterContext(observed.running_server(TIMBRED, TIMBRE, folder, folder))
        script = command[-1].replace("timbred:50051", self.server.address).replace("/tmp/", f"{folder}/")
        environment = {"PATH": f"{pathlib.Path(TIMBRE).resolve().parent}:{os.environ['PATH']}",
                       "TIMBRE_SERVER": replica.address, **{entry["name"]: entry["value"] for entry in container["env"]}}
        for _ in range(2):  # a container that is started again imports nothing again
            done = subprocess.run([*command[:-1], script], env=environment, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertEqual(replica.timbre("health", "--with-model"), "SERVING\n")
        self.assertNotIn("models/m/versions/2", replica.timbre("--json", "models"))
        def space(server):
            return re.search(r"space (\w+)", server.timbre("embed", self.clips[0]))[1]
        self.assertEqual(space(replica), space(self.server))


if __name__ == "__main__":
    unittest.main()
