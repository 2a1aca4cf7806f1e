"""A timbred and a Prometheus that scrapes it, both on loopback and on free ports, for scripts/observe and for the test
of the dashboards. Python's standard library and Debian's python3-yaml."""
import contextlib
import json
import math
import pathlib
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROMETHEUS_FILES = ROOT / "deploy" / "prometheus"
DASHBOARDS = ROOT / "deploy" / "grafana" / "dashboards"
CONSOLE = PROMETHEUS_FILES / "console.html"
WITHIN_SECONDS = 60


class Failed(Exception):
    pass


def wait_for(what, condition, within_seconds=WITHIN_SECONDS):
    """Returns the condition's first true answer."""
    until = time.monotonic() + within_seconds
    while time.monotonic() < until:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.1)
    raise Failed(f"{what}: not within {within_seconds} s")


def port_for(wanted=0):
    """The wanted port if it is free, else some free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise Failed("no free port")


@contextlib.contextmanager
def process(words, log):
    """A process that ends with the block, by SIGTERM and by its own id."""
    with open(log, "w", encoding="utf-8") as file:
        running = subprocess.Popen([str(word) for word in words], stdout=file, stderr=subprocess.STDOUT)
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


class Server:
    """`timbre` against one server."""

    def __init__(self, timbre, address, metrics):
        self._prefix = [str(timbre), "--server", address]
        self.address, self.metrics = address, metrics

    def timbre(self, *words):
        done = subprocess.run([*self._prefix, *map(str, words)], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"timbre {' '.join(map(str, words))}: {done.stdout}{done.stderr}")
        return done.stdout

    def metrics_text(self):
        with urllib.request.urlopen(f"http://{self.metrics}/metrics") as answer:
            return answer.read().decode()


@contextlib.contextmanager
def running_server(timbred, timbre, folder, data_root, ports=(0, 0)):
    """timbred with its state in `folder`; `ports`: of gRPC and of /metrics, if they are free."""
    ready, metrics = folder / "ready", f"127.0.0.1:{port_for(ports[1])}"
    ready.unlink(missing_ok=True)
    words = [timbred, "--listen", f"127.0.0.1:{port_for(ports[0])}", "--metrics", metrics, "--device", "cpu",
             "--state-dir", folder / "state", "--data-root", data_root, "--ready-file", ready]
    with process(words, folder / "timbred.log") as running:
        def address():
            if running.poll() is not None:
                raise Failed("timbred ended: " + (folder / "timbred.log").read_text()[-2000:])
            return ready.exists() and ready.read_text().strip()
        yield Server(timbre, wait_for("timbred", address), metrics)


class Prometheus:
    """Prometheus' HTTP API. An answer is None while it starts."""

    def __init__(self, address):
        self.address = address

    def get(self, path, **parameters):
        url = f"http://{self.address}/api/v1/{path}?" + urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(url) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            if error.code == 503:  # it is starting
                return None
            raise Failed(f"{parameters}: {error.read().decode()}") from error
        except urllib.error.URLError:
            return None

    def values(self, expression, begin, end, step=2):
        """The finite values of all series of an expression, asked each `step` seconds from `begin` on and at `end`."""
        start = end - (end - begin) // step * step
        data = self.get("query_range", query=expression, start=start, end=end, step=step)
        return [float(value) for series in data["result"] for _, value in series["values"]
                if math.isfinite(float(value))]

    def names(self):
        return set(self.get("label/__name__/values"))


def write_console(folder):
    """The page that draws the dashboards on Prometheus itself. It is a template there, so `{{` must not stand in it."""
    folder.mkdir(parents=True, exist_ok=True)
    boards = [json.loads((DASHBOARDS / f"{name}.json").read_text()) for name in ("serving", "training", "capacity")]
    text = json.dumps(boards).replace("{{", "{\\u007b").replace("</", "<\\/")
    (folder / "timbre.html").write_text(CONSOLE.read_text().replace("/*DASHBOARDS*/null", text), encoding="utf-8")


@contextlib.contextmanager
def running_prometheus(folder, target, port=0, interval_seconds=1):
    """Debian's Prometheus with the configuration of deploy/prometheus, but for its target and its intervals."""
    config = yaml.safe_load((PROMETHEUS_FILES / "prometheus.yml").read_text())
    interval = f"{interval_seconds}s"
    config["global"] = {"scrape_interval": interval, "evaluation_interval": interval, "scrape_timeout": interval}
    config["scrape_configs"][0]["static_configs"] = [{"targets": [target]}]
    config["rule_files"] = [str(PROMETHEUS_FILES / "rules" / "*.yaml")]
    config.pop("alerting")  # nobody is to be told
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    write_console(folder / "consoles")
    address = f"127.0.0.1:{port_for(port)}"
    if shutil.which("prometheus") is None:
        raise Failed("no prometheus; scripts/setup installs Debian's package")
    words = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/prometheus",
             f"--web.listen-address={address}", f"--web.console.templates={folder}/consoles",
             f"--web.console.libraries={folder}/consoles", "--log.level=warn"]
    with process(words, folder / "prometheus.log") as running:
        prometheus = Prometheus(address)
        def scraped():
            if running.poll() is not None:
                raise Failed("prometheus ended: " + (folder / "prometheus.log").read_text()[-2000:])
            answer = prometheus.get("query", query="timbre_build_info")
            return answer and answer["result"]
        wait_for("the first scrape", scraped)
        yield prometheus


def fill_in(expression, rate_interval="30s"):
    """An expression of a panel with the variables that Grafana would fill in."""
    return re.sub(r"\$(instance|model)", ".*", expression).replace("$__rate_interval", rate_interval)


def panel_queries():
    """(dashboard, panel, expression) of every query of every panel."""
    for file in sorted(DASHBOARDS.glob("*.json")):
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel["targets"]:
                yield file.stem, panel["title"], fill_in(target["expr"])


def rule_queries():
    """(alert or record, expression) of every rule."""
    for file in sorted((PROMETHEUS_FILES / "rules").glob("*.yaml")):
        for group in yaml.safe_load(file.read_text())["groups"]:
            for rule in group["rules"]:
                yield rule.get("alert") or rule["record"], rule["expr"]
