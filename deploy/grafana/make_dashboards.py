#!/usr/bin/env python3
"""Writes deploy/grafana/dashboards/*.json from the panels below: `make_dashboards.py [FOLDER]`.

The JSON is what Grafana is given; this file is where a panel is changed. A test checks that they agree.
"""
import json
import pathlib
import sys

SELF = 'instance=~"$instance"'
OF_MODEL = 'model=~"$model"'
MODEL = f'instance=~"$instance",{OF_MODEL}'
RATE = "[$__rate_interval]"
# A probe may watch for as long as the server lives.
NOT_BUILTIN = 'grpc_service!~"grpc[.].*"'


def quantile(q, histogram, labels="", by="le"):
    picked = SELF + (f",{labels}" if labels else "")
    return f"histogram_quantile({q}, sum by ({by}) (rate({histogram}_bucket{{{picked}}}{RATE})))"


def rate(counter, labels="", by=""):
    picked = SELF + (f",{labels}" if labels else "")
    return f"sum{f' by ({by})' if by else ''} (rate({counter}{{{picked}}}{RATE}))"


def gauge(name, labels=""):
    return f"{name}{{{SELF}{',' + labels if labels else ''}}}"


# A panel: title, what it tells, unit, and queries as (expression, legend).
SERVING = [
    ("Requests", "Embed and Tag by outcome; with those that ended before their model was found", "reqps",
     [(rate("timbre_embed_requests_total", 'model=~"$model|"', by="outcome"), "{{outcome}}")]),
    ("Latency of answered interactive requests", "All phases together; refused and bulk requests are not in it", "s",
     [(quantile(q, "timbre_embed_request_seconds", OF_MODEL + ',priority="interactive"'), f"p{q * 100:g}") for q in (0.5, 0.95, 0.99)]),
    ("Latency by phase, p99", "Decoding, waiting for a batch, the engine, making the answer", "s",
     [(quantile(0.99, "timbre_embed_request_phase_seconds", OF_MODEL, by="le, phase"), "{{phase}}")]),
    ("Queue", "Windows that wait for a batch, and all that are inside", "short",
     [(gauge("timbre_embed_queue_depth"), "{{priority}}"), (gauge("timbre_embed_queue_inside"), "inside")]),
    ("Age of the oldest request that waits", "The figure that pods are scaled by", "s",
     [(gauge("timbre_embed_queue_age_seconds"), "{{priority}}")]),
    ("Windows in a batch", "Near max_batch_windows: the engine is full", "short",
     [(rate("timbre_embed_batch_windows_sum") + " / " + rate("timbre_embed_batch_windows_count"), "mean"),
      (quantile(0.95, "timbre_embed_batch_windows"), "p95")]),
    ("Time of a batch in the engine", "", "s",
     [(quantile(q, "timbre_embed_batch_infer_seconds"), f"p{q * 100:g}") for q in (0.5, 0.99)]),
    ("Times faster than real time", "Seconds of audio per second of engine time", "x",
     [(rate("timbre_embed_audio_seconds_total") + " / " + rate("timbre_embed_batch_infer_seconds_sum"), "engine")]),
    ("Calls by method", "All RPCs", "reqps",
     [(rate("grpc_server_handled_total", by="grpc_method") + " > 0", "{{grpc_method}}")]),
    ("Calls that did not end well", "By code; Canceled is the client's wish", "reqps",
     [(rate("grpc_server_handled_total", f'grpc_code!="OK",{NOT_BUILTIN}', by="grpc_code"), "{{grpc_code}}")]),
    ("Calls in flight", "Started and not yet handled", "short",
     [(f"sum(grpc_server_started_total{{{SELF},{NOT_BUILTIN}}}) - "
       f"sum(grpc_server_handled_total{{{SELF},{NOT_BUILTIN}}})", "calls")]),
    ("Calls that found no room", "Queues, threads and memory that all clients share", "reqps",
     [(rate("timbre_server_full_total"), "refused")]),
    ("Messages", "Of unary calls and streams", "short",
     [(rate("grpc_server_msg_received_total"), "received"), (rate("grpc_server_msg_sent_total"), "sent")]),
    ("Served versions", "A label and the version it names", "short",
     [(f"timbre_model_info{{{MODEL}}}", "{{model}}/{{version}} {{label}} {{space_id}}")]),
    ("Answered requests by model", "", "reqps",
     [(rate("timbre_embed_requests_total", f'outcome="ok",{OF_MODEL}', by="model"), "{{model}}")]),
    ("Refused for who called, or over a quota", "By reason; a caller's own fault, or an attack", "reqps",
     [(rate("timbre_auth_refused_total", by="reason"), "{{reason}}"),
      (rate("timbre_quota_refused_total", by="quota"), "quota of {{quota}}")]),
    ("Promotes and loads", "In the last hour, by result", "short",
     [(f"sum by (result) (increase(timbre_model_promotes_total{{{SELF}}}[1h]))", "promote {{result}}"),
      (f"sum by (result) (increase(timbre_model_loads_total{{{SELF}}}[1h]))", "load {{result}}")]),
]

TRAINING = [
    ("Loss", "Of the last reported step", "short", [(gauge("timbre_train_loss"), "loss")]),
    ("Step and time to the end", "", "short",
     [(gauge("timbre_train_step"), "step"), (gauge("timbre_train_eta_seconds"), "seconds to the end")]),
    ("Windows a second", "", "short", [(gauge("timbre_train_windows_per_second"), "windows/s")]),
    ("Time of a step", "", "s",
     [(quantile(q, "timbre_train_step_seconds"), f"p{q * 100:g}") for q in (0.5, 0.95)]),
    ("Share of the time that waited for data", "Above 0.3 the input starves the device", "percentunit",
     [(gauge("timbre_train_data_wait_ratio"), "waits")]),
    ("Alignment and uniformity", "On the unit sphere; both fall while an encoder learns", "short",
     [(gauge("timbre_train_alignment"), "alignment"), (gauge("timbre_train_uniformity"), "uniformity")]),
    ("Spread of the embeddings", "Near 0: collapsed", "short", [(gauge("timbre_train_embedding_std"), "std")]),
    ("Norm of the gradient", "Before clipping", "short", [(gauge("timbre_train_gradient_norm"), "norm")]),
    ("Learning rate", "", "short", [(gauge("timbre_train_learning_rate"), "rate")]),
    ("The objective's own figures", "", "short", [(gauge("timbre_train_diagnostic"), "{{name}}")]),
    ("Health problems", "Since the server started", "short",
     [(gauge("timbre_train_health_problems_total"), "{{problem}}")]),
    ("Jobs", "By kind and state; what there is none of is left out", "short",
     [(f"sum by (kind, state) ({gauge('timbre_jobs')}) > 0", "{{kind}} {{state}}")]),
    ("Time that jobs waited", "p95 of those that began in the last hour: trainings and probes wait for one another", "s",
     [(f"histogram_quantile(0.95, sum by (le, kind) (increase(timbre_job_queue_seconds_bucket{{{SELF}}}[1h])))", "{{kind}}")]),
    ("Silence of running jobs", "Since their last report, by kind", "s",
     [(gauge("timbre_job_silence_seconds"), "{{kind}}")]),
    ("Snapshots", "Age of the last one, and the time to write one", "s",
     [(f"time() - {gauge('timbre_train_last_snapshot_timestamp_seconds')}", "age"),
      (quantile(0.95, "timbre_train_snapshot_seconds"), "p95 to write")]),
    ("Resumes", "Times that a training went on from a snapshot", "short",
     [(gauge("timbre_train_resumes_total"), "resumes")]),
]

CAPACITY = [
    ("CPUs in use", "Beside those that the machine has", "short",
     [(rate("process_cpu_seconds_total"), "in use"), (f"sum({gauge('timbre_cpus')})", "CPUs")]),
    ("Memory", "In RAM, beside what the process may use", "bytes",
     [(gauge("process_resident_memory_bytes"), "resident"), (gauge("timbre_memory_limit_bytes"), "limit")]),
    ("Device utilisation", "Of the GPU; without one, of the CPUs", "percentunit",
     [(f"timbre_device_utilization_ratio{{{SELF}}} or on (instance) "
       f"(rate(process_cpu_seconds_total{{{SELF}}}{RATE}) / on (instance) timbre_cpus{{{SELF}}})", "{{device}}")]),
    ("Device memory", "Of the GPU; without one, of the process", "percentunit",
     [(f'timbre_device_memory_bytes{{{SELF},kind="used"}} / ignoring (kind) '
       f'timbre_device_memory_bytes{{{SELF},kind="total"}} or on (instance) '
       f"process_resident_memory_bytes{{{SELF}}} / on (instance) timbre_memory_limit_bytes{{{SELF}}}", "{{device}}")]),
    ("Energy", "Watts that the GPU takes; 0 without one", "watt",
     [(f"rate(timbre_device_energy_joules_total{{{SELF}}}{RATE}) or on (instance) "
       f"0 * timbre_cpus{{{SELF}}}", "{{device}}")]),
    ("Disk of the state folder", "Free, beside its size", "bytes",
     [(gauge("timbre_state_disk_free_bytes"), "free"), (gauge("timbre_state_disk_size_bytes"), "size")]),
    ("Audio answered a second", "Seconds of audio per second of the clock", "x",
     [(rate("timbre_embed_audio_seconds_total"), "audio")]),
    ("Share of the time that the engine computes", "Near 1 there is no room for more requests", "percentunit",
     [(rate("timbre_embed_batch_infer_seconds_sum"), "engine")]),
    ("Refused requests", "Share of all requests", "percentunit",
     [(rate("timbre_embed_requests_total", 'outcome="rejected"') + " / " + rate("timbre_embed_requests_total"),
       "rejected")]),
    ("Threads and file descriptors", "", "short",
     [(gauge("process_num_threads"), "threads"), (gauge("process_open_fds"), "open files")]),
    ("Uptime", "", "s", [(f"time() - {gauge('process_start_time_seconds')}", "{{instance}}")]),
    ("Build", "", "short", [(gauge("timbre_build_info"), "{{instance}} {{version}} {{build}}")]),
]

DASHBOARDS = {"serving": ("Timbre: serving", SERVING), "training": ("Timbre: training", TRAINING),
              "capacity": ("Timbre: capacity", CAPACITY)}
UNITS = {"x": "none"}
COLUMNS, WIDTH, HEIGHT = 2, 12, 8


def variable(name, label, query):
    return {"name": name, "label": label, "type": "query", "datasource": {"type": "prometheus", "uid": "${datasource}"},
            "query": {"query": query, "refId": name}, "definition": query, "refresh": 2, "includeAll": True, "allValue": ".*",
            "multi": True, "current": {"selected": True, "text": ["All"], "value": ["$__all"]}, "sort": 1}


def panel(number, title, description, unit, queries):
    source = {"type": "prometheus", "uid": "${datasource}"}
    return {
        "id": number + 1, "type": "timeseries", "title": title, "description": description, "datasource": source,
        "gridPos": {"x": number % COLUMNS * WIDTH, "y": number // COLUMNS * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": UNITS.get(unit, unit), "custom": {"fillOpacity": 10, "showPoints": "never"}},
                        "overrides": []},
        "options": {"legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"]},
                    "tooltip": {"mode": "multi", "sort": "desc"}},
        "targets": [{"refId": chr(ord("A") + i), "expr": expression, "legendFormat": legend, "datasource": source}
                    for i, (expression, legend) in enumerate(queries)],
    }


def dashboard(name):
    title, panels = DASHBOARDS[name]
    return {
        "uid": f"timbre-{name}", "title": title, "tags": ["timbre"], "schemaVersion": 39, "version": 1, "editable": True,
        "timezone": "browser", "refresh": "15s", "time": {"from": "now-1h", "to": "now"}, "graphTooltip": 1,
        "annotations": {"list": []},
        "links": [{"type": "dashboards", "tags": ["timbre"], "asDropdown": False, "title": "Timbre", "includeVars": True,
                   "keepTime": True}],
        "templating": {"list": [
            {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "refresh": 1,
             "current": {"text": "Prometheus", "value": "timbre-prometheus"}},
            variable("instance", "Instance", "label_values(timbre_build_info, instance)"),
            variable("model", "Model", 'label_values(timbre_model_info{instance=~"$instance"}, model)')]},
        "panels": [panel(i, *row) for i, row in enumerate(panels)],
    }


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "dashboards")
    folder.mkdir(parents=True, exist_ok=True)
    for name in DASHBOARDS:
        (folder / f"{name}.json").write_text(json.dumps(dashboard(name), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
