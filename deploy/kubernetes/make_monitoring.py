#!/usr/bin/env python3
"""Writes the rules of deploy/prometheus into monitoring.yaml beside this file, for clusters with Prometheus' operator."""
import pathlib
import sys

import yaml

HERE = pathlib.Path(__file__).resolve().parent
RULES = HERE.parent / "prometheus" / "rules"
LABELS = {"app.kubernetes.io/name": "timbred"}
NOTE = """\
# For Prometheus' operator: kubectl apply -f deploy/kubernetes/monitoring.yaml
# Made by make_monitoring.py of deploy/prometheus/rules.
"""


def documents():
    yield {"apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor",
           "metadata": {"name": "timbred", "labels": LABELS},
           "spec": {"jobLabel": "app.kubernetes.io/name", "selector": {"matchLabels": LABELS},
                    "endpoints": [{"port": "metrics", "path": "/metrics", "interval": "15s"}]}}
    groups = [group for name in ("recording", "alerts")
              for group in yaml.safe_load((RULES / f"{name}.yaml").read_text())["groups"]]
    yield {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule",
           "metadata": {"name": "timbred", "labels": LABELS}, "spec": {"groups": groups}}


def main():
    target = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "monitoring.yaml"
    target.write_text(NOTE + yaml.safe_dump_all(documents(), sort_keys=False, width=100), encoding="utf-8")


if __name__ == "__main__":
    main()
