#!/usr/bin/env python3
"""What no schema knows of Kubernetes' manifests, compose and Grafana's provisioning.

manifests_test.py SOURCE_DIR
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(sys.argv.pop(1))
DEPLOY = ROOT / "deploy"
FOLDERS = ("cpu", "gpu")


def documents(folder):
    for file in sorted((DEPLOY / "kubernetes" / folder).glob("*.yaml")):
        yield from yaml.safe_load_all(file.read_text())


def of_kind(folder, kind):
    found = [document for document in documents(folder) if document["kind"] == kind]
    assert found, f"{folder} has no {kind}"
    return found


def drain_grace_seconds():
    """What the container's configuration says, or the default that timbred.textproto shows."""
    for file in ("container.textproto", "timbred.textproto"):
        found = re.search(r"^(?:# )?drain_grace_seconds: (\d+)", (DEPLOY / "config" / file).read_text(), re.MULTILINE)
        if found:
            return int(found[1])
    raise AssertionError("no configuration names drain_grace_seconds")


class ManifestsTest(unittest.TestCase):
    def pods(self):
        for folder in FOLDERS:
            for deployment in of_kind(folder, "Deployment"):
                yield folder, deployment, deployment["spec"]["template"]["spec"]

    def test_pods_are_probed_drained_and_without_rights(self):
        for folder, deployment, pod in self.pods():
            with self.subTest(folder, name=deployment["metadata"]["name"]):
                container, = pod["containers"]
                self.assertEqual(container["readinessProbe"]["grpc"]["port"], 50051)
                self.assertEqual(container["livenessProbe"]["grpc"]["port"], 50051)
                startup = container["startupProbe"]
                self.assertGreaterEqual(startup["periodSeconds"] * startup["failureThreshold"], 300)
                sleep = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
                self.assertGreater(pod["terminationGracePeriodSeconds"], sleep + drain_grace_seconds())
                self.assertTrue(pod["securityContext"]["runAsNonRoot"])
                self.assertFalse(pod["automountServiceAccountToken"])
                security = container["securityContext"]
                self.assertTrue(security["readOnlyRootFilesystem"])
                self.assertFalse(security["allowPrivilegeEscalation"])
                self.assertEqual(security["capabilities"]["drop"], ["ALL"])
                writable = {mount["mountPath"] for mount in container["volumeMounts"]}
                self.assertEqual(writable, {"/var/lib/timbre", "/tmp"})

    def test_selectors_find_the_pods(self):
        for folder in FOLDERS:
            labels = [deployment["spec"]["template"]["metadata"]["labels"] for deployment in of_kind(folder, "Deployment")]
            selectors = [document["spec"]["selector"] for document in of_kind(folder, "Service")]
            selectors += [document["spec"]["selector"]["matchLabels"] for document in of_kind(folder, "PodDisruptionBudget")]
            selectors += [document["spec"]["podSelector"]["matchLabels"] for document in of_kind(folder, "NetworkPolicy")]
            for selector in selectors:
                self.assertTrue(any(selector.items() <= pod.items() for pod in labels), selector)

    def test_gpus_are_asked_for_where_they_should_be(self):
        for folder, _, pod in self.pods():
            limits = pod["containers"][0]["resources"]["limits"]
            self.assertEqual("nvidia.com/gpu" in limits, folder == "gpu")
            self.assertEqual(pod["containers"][0]["image"].endswith("-cuda"), folder == "gpu")

    def test_the_autoscaler_reads_what_the_adapter_makes_of_an_exported_metric(self):
        rule, = yaml.safe_load((DEPLOY / "kubernetes" / "adapter-values.yaml").read_text())["rules"]["custom"]
        alerts = (DEPLOY / "prometheus" / "rules" / "alerts.yaml").read_text()
        for folder in FOLDERS:
            scaler, = of_kind(folder, "HorizontalPodAutoscaler")
            metric, = scaler["spec"]["metrics"]
            name = metric["pods"]["metric"]["name"]
            self.assertEqual(rule["name"]["as"], name)
            self.assertTrue(rule["seriesQuery"].startswith(name + "{"))
            self.assertIn(name, alerts, "the test of the rules on a live server covers it there")
            names = [deployment["metadata"]["name"] for deployment in of_kind(folder, "Deployment")]
            self.assertIn(scaler["spec"]["scaleTargetRef"]["name"], names)

    def test_the_operators_kinds_have_their_form(self):
        monitor, rules = yaml.safe_load_all((DEPLOY / "kubernetes" / "monitoring.yaml").read_text())
        self.assertEqual((monitor["apiVersion"], monitor["kind"]), ("monitoring.coreos.com/v1", "ServiceMonitor"))
        self.assertEqual((rules["apiVersion"], rules["kind"]), ("monitoring.coreos.com/v1", "PrometheusRule"))
        wanted = monitor["spec"]["selector"]["matchLabels"]
        for folder in FOLDERS:
            for service in of_kind(folder, "Service"):
                self.assertLessEqual(wanted.items(), service["metadata"]["labels"].items())
                ports = {port["name"] for port in service["spec"]["ports"]}
                self.assertLessEqual({endpoint["port"] for endpoint in monitor["spec"]["endpoints"]}, ports)
                # The alerts look for job="timbred".
                self.assertEqual(service["metadata"]["labels"][monitor["spec"]["jobLabel"]], "timbred")
        for group in rules["spec"]["groups"]:
            self.assertEqual(set(group), {"name", "rules"})

    def test_the_operators_rules_are_those_of_prometheus(self):
        with tempfile.TemporaryDirectory() as folder:
            made = pathlib.Path(folder) / "monitoring.yaml"
            subprocess.run([sys.executable, "-B", DEPLOY / "kubernetes" / "make_monitoring.py", made], check=True)
            self.assertEqual(made.read_text(), (DEPLOY / "kubernetes" / "monitoring.yaml").read_text(),
                             "run deploy/kubernetes/make_monitoring.py")


class SystemdTest(unittest.TestCase):
    def test_the_service_sees_what_cpu_it_computes_on(self):
        unit = (DEPLOY / "systemd" / "timbred.service").read_text()
        self.assertNotIn("ProcSubset=pid", unit)  # it hides /proc/cpuinfo
        self.assertNotIn("MemoryDenyWriteExecute=yes", unit)  # oneDNN generates code

    def test_it_has_the_time_to_drain(self):
        unit = (DEPLOY / "systemd" / "timbred.service").read_text()
        self.assertGreater(int(re.search(r"^TimeoutStopSec=(\d+)", unit, re.MULTILINE)[1]), drain_grace_seconds())


class ComposeTest(unittest.TestCase):
    def setUp(self):
        self.services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]

    def test_ports_are_published_to_this_machine_alone(self):
        for name, service in self.services.items():
            for port in service["ports"]:
                self.assertTrue(port.startswith("127.0.0.1:"), name)

    def test_what_is_mounted_from_the_tree_is_there(self):
        for service in self.services.values():
            for volume in service["volumes"]:
                if volume.startswith("./"):
                    self.assertTrue((DEPLOY / volume.split(":")[0]).exists(), volume)

    def test_grafanas_provisioning_fits_the_dashboards(self):
        source, = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text())["datasources"]
        provider, = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/timbre.yaml").read_text())["providers"]
        mounted = [volume.split(":")[1] for volume in self.services["grafana"]["volumes"]]
        self.assertIn(provider["options"]["path"], mounted)
        self.assertIn("PROMETHEUS_URL", self.services["grafana"]["environment"])
        for file in (DEPLOY / "grafana" / "dashboards").glob("*.json"):
            variables = {variable["name"]: variable for variable in json.loads(file.read_text())["templating"]["list"]}
            self.assertEqual(set(variables), {"datasource", "instance", "model"})
            self.assertEqual(variables["datasource"]["current"]["value"], source["uid"])


if __name__ == "__main__":
    unittest.main()
