#!/usr/bin/env python3
"""Usage: monitoring.py [PROGRAM]

What jobs/monitoring holds works: its configuration and rules are valid, each
alert fires where its test wants it; every expression of every panel and rule
runs in a real Prometheus that scrapes real runs by that configuration, and has
data where what it is of ran; the dashboard is one that Grafana reads: its rows,
variables, and the structure that Grafana's schema asks for (the whole schema is
not kept here). With VQE_TEST_PICTURE=FILE.png the panels are drawn there.
"""

import json
import os
import re
import shutil
import subprocess
import sys

if len(sys.argv) > 1:
    os.environ["VQE_BATCH"] = os.path.abspath(sys.argv[1])

import harness
import monitor
from harness import check

MONITORING = os.path.join(harness.ROOT, "jobs", "monitoring")
TESTS = os.path.join(harness.ROOT, "tests", "data", "monitoring", "vqe_alerts_test.yml")
sys.path.insert(0, MONITORING)
import draw_panels

# whose metrics begin so
SERVICES = {
    "vqe_device_": "a GPU", "vqe_airflow_": "Airflow", "vqe_": "vqe_batch",
    "vqe:": "vqe_batch", "push_": "pushgateway", "up": "prometheus",
    "node_": "node", "DCGM_": "a GPU", "kafka_": "Kafka", "input_": "the connector",
    "output_": "the connector", "metrics_executor_": "Spark", "cluster_": "Garage",
    "garage_": "Garage", "api_s3_": "Garage", "airflow_": "Airflow",
}
ROWS = ["Simulation", "Batch and lanes", "Accuracy", "GPU", "Stream", "Lake", "Store",
        "Orchestration", "Machine"]
VARIABLES = {"job", "tier", "lane", "optimizer", "molecule"}
FUNCTIONS = {"sum", "by", "rate", "max", "min", "time", "on", "and", "or", "unless",
             "topk", "bottomk", "avg", "count", "changes"}
# two ranks that have much to do, and one whose records find no broker
LONG = {"molecules": [harness.H2O], "ansatz": ["UCCSD", "EfficientSU2"], "seed": [1, 2],
        "optimizer": ["L-BFGS-B", {"name": "COBYLA", "max_evaluations": 1000000,
                                   "ftol": 1e-14, "max_seconds": 8}],
        "select": "0,6-7"}  # UCCSD by L-BFGS-B, EfficientSU2 by COBYLA
SHORT = {"molecules": [harness.H2], "seed": 1}


def service_of(metric):
    for prefix in sorted(SERVICES, key=len, reverse=True):
        if metric.startswith(prefix):
            return SERVICES[prefix]
    return harness.fail(f"nobody knows whose metric {metric} is")


def metrics_of(expression):
    """Names of the metrics that an expression reads."""
    bare = re.sub(r'"[^"]*"', "", expression)
    bare = re.sub(r"\b(by|on)\s*\([^)]*\)", " ", bare)
    bare = re.sub(r"{[^}]*}|\[[^\]]*\]", " ", bare)
    names = set(re.findall(r"[A-Za-z_:][\w:]*", bare)) - FUNCTIONS
    return {name for name in names if not re.fullmatch(r"[smhd]\d*", name)}


def promtool(*words):
    done = subprocess.run(["promtool", *words], capture_output=True, text=True,
                          check=False)
    check(done.returncode == 0, f"promtool {words}: {done.stdout}{done.stderr}")
    return done.stdout


def rules():
    """(name, expression, whether it is an alert) of the file of rules, by Prometheus
    itself: without a library for YAML."""
    with open(os.path.join(MONITORING, "vqe_alerts.yml"), encoding="utf-8") as stream:
        text = stream.read()
    return re.findall(r"- alert: (\w+)", text), re.findall(r"- record: ([\w:]+)", text)


def check_rules():
    promtool("check", "config", os.path.join(MONITORING, "prometheus.yml"))
    promtool("check", "rules", os.path.join(MONITORING, "vqe_alerts.yml"))
    promtool("test", "rules", TESTS)
    alerts, _ = rules()
    with open(TESTS, encoding="utf-8") as stream:
        tests = stream.read()
    for alert in alerts:
        # one that only proves silence would pass with a rule that never fires
        fires = re.search(rf"alertname: {alert}\n\s+exp_alerts:", tests)
        check(fires is not None, f"no test wants {alert} to fire")
    print(f"rules: {len(alerts)} alerts, each fires in a test")


def check_dashboard(dashboard):
    """The structure that Grafana asks for."""
    for key, kind in {"title": str, "uid": str, "schemaVersion": int, "panels": list,
                      "templating": dict, "time": dict, "annotations": dict,
                      "tags": list, "editable": bool, "graphTooltip": int}.items():
        check(isinstance(dashboard.get(key), kind), f"dashboard: {key}")
    rows = [one["title"] for one in dashboard["panels"] if one["type"] == "row"]
    check(rows == ROWS, f"rows {rows}")
    names = {one["name"] for one in dashboard["templating"]["list"]}
    check(VARIABLES <= names, f"variables {names}")
    ids = [one["id"] for one in dashboard["panels"]]
    check(len(ids) == len(set(ids)), "panels share an id")
    places = set()
    used = set()
    for panel in dashboard["panels"]:
        grid = panel["gridPos"]
        check(grid["x"] + grid["w"] <= 24, f"{panel['title']} is too wide")
        for x in range(grid["x"], grid["x"] + grid["w"]):
            for y in range(grid["y"], grid["y"] + grid["h"]):
                check((x, y) not in places, f"{panel['title']} lies over another")
                places.add((x, y))
        if panel["type"] == "row":
            continue
        check(panel["type"] in ("timeseries", "stat", "bargauge", "table") and
              panel["datasource"]["uid"] == "${datasource}" and panel["targets"] and
              "unit" in panel["fieldConfig"]["defaults"], f"panel {panel['title']}")
        for target in panel["targets"]:
            used |= set(re.findall(r"\$(\w+)", target["expr"]))
    check(used - {"__rate_interval"} == VARIABLES, f"variables in use: {used}")


def target(folder, name, address):
    os.makedirs(folder.file("targets"), exist_ok=True)
    folder.write(f"targets/{name}.json", [{"targets": [address]}])


def start_all(folder, servers):
    """Services, runs and a Prometheus by our configuration, but faster."""
    servers["pushgateway"] = monitor.Pushgateway(folder)
    target(folder, "pushgateway", servers["pushgateway"].url[7:])
    folder.write("long.json", LONG)
    folder.write("part-cpu-0001.json", SHORT)
    folder.write("tier.json", {"name": "tier0"})
    servers["long"] = harness.start(
        folder, 2, "long.json", "--no-lake", "--output", "long.h5", "--metrics",
        servers["pushgateway"].url, "--metrics-listen", "0")
    target(folder, "vqe_batch", monitor.page_address(servers["long"]).split("/")[2])
    # nobody listens there: the record waits in the spool, and the end for it
    nowhere = monitor.free_port()
    servers["short"] = harness.start(
        folder, 1, "part-cpu-0001.json", "--no-lake", "--output", "short.h5",
        "--brokers", f"127.0.0.1:{nowhere}", "--registry", f"http://127.0.0.1:{nowhere}",
        "--metrics-listen", "0")
    target(folder, "vqe_batch_short",
           monitor.page_address(servers["short"]).split("/")[2])
    port = monitor.free_port()
    servers["node"] = monitor.Server(
        folder, "node", ["prometheus-node-exporter",
                         f"--web.listen-address=127.0.0.1:{port}"], port, "/metrics")
    target(folder, "node", f"127.0.0.1:{port}")
    with open(os.path.join(MONITORING, "prometheus.yml"), encoding="utf-8") as stream:
        config = stream.read()
    check("15s" in config, "the interval of the configuration")
    shutil.copy(os.path.join(MONITORING, "vqe_alerts.yml"), folder.path)
    servers["prometheus"] = monitor.Prometheus(folder, config.replace("15s", "1s"))
    target(folder, "prometheus", servers["prometheus"].url[7:])


def expressions(prometheus, dashboard):
    """(where, expression) of all panels, and of all rules as Prometheus has them."""
    found = [(f"{row}: {panel['title']}", draw_panels.expression(one["expr"], "10s"))
             for row, panel in draw_panels.panels_of(dashboard)
             for one in panel["targets"]]
    data = json.loads(monitor.get(prometheus.url + "/api/v1/rules")[1])["data"]
    listed = [one for group in data["groups"] for one in group["rules"]]
    alerts, records = rules()
    check({one["name"] for one in listed} == set(alerts) | set(records),
          "Prometheus has other rules than the file")
    check(all(one["health"] == "ok" for one in listed), f"rules: {listed}")
    return found, [(one["name"], one["query"], one["type"]) for one in listed]


def check_data(folder, prometheus, dashboard, ran):
    panels, listed = expressions(prometheus, dashboard)
    without = {}
    rows = []
    for where, text in panels:
        samples = prometheus.query(text)
        missing = {service_of(name) for name in metrics_of(text)} - ran
        if missing:
            without.setdefault(tuple(sorted(missing)), []).append(where)
        else:
            # a rate needs two scrapes
            samples = prometheus.wait(text, f"panel '{where}'", 10)
        rows.append((where, text, len(samples), ", ".join(sorted(missing))))
    for name, text, kind in listed:
        samples = prometheus.query(text)  # valid; an alert that does not fire is empty
        missing = set()
        for metric in metrics_of(text):
            if service_of(metric) in ran:
                check(prometheus.query(metric), f"rule {name}: no {metric}")
            else:
                missing.add(service_of(metric))
        rows.append((f"{kind} {name}", text, len(samples),
                     ", ".join(sorted(missing))))
        if missing:
            without.setdefault(tuple(sorted(missing)), []).append(name)
    folder.write("expressions.json", rows)
    print(f"expressions: {len(panels)} of panels, {len(listed)} of rules")
    for services, places in sorted(without.items()):
        print(f"  without {' and '.join(services)}: {', '.join(places)}")
    if os.environ.get("VQE_TEST_TABLE"):
        with open(os.environ["VQE_TEST_TABLE"], "w", encoding="utf-8") as stream:
            for row in rows:
                stream.write(" | ".join(map(str, row)) + "\n")


def main():
    monitor.require()
    check_rules()
    with open(os.path.join(MONITORING, "vqe_dashboard.json"), encoding="utf-8") as stream:
        dashboard = json.load(stream)
    check_dashboard(dashboard)
    with harness.Folder() as folder:
        servers = {}
        try:
            start_all(folder, servers)
            prometheus = servers["prometheus"]
            ran = {"vqe_batch", "pushgateway", "prometheus", "node"}
            prometheus.wait("vqe_spool_oldest_seconds > 0", "a record in the spool", 30)
            prometheus.wait('vqe_experiments{lane="cpu",tier="tier0"}', "the tier", 10)
            prometheus.wait("vqe_last_completion_time_seconds", "a completion", 30)
            prometheus.wait(
                'vqe_experiment_iterations_per_second and on (experiment) '
                'vqe_experiment_state{state="running"}', "what runs", 30)
            prometheus.wait('push_time_seconds{job="vqe_batch"}', "a push", 15)
            prometheus.wait("vqe_accurate_experiments_total > 0", "an accurate one", 30)
            check_data(folder, prometheus, dashboard, ran)
            if os.environ.get("VQE_TEST_PICTURE"):
                servers["long"].wait(60)
                draw_panels.draw(prometheus.url, os.environ["VQE_TEST_PICTURE"], 1, None)
        finally:
            for one in reversed(list(servers.values())):
                if isinstance(one, monitor.Server):
                    one.end()
                else:
                    one.terminate()
                    try:
                        one.wait(20)
                    except subprocess.TimeoutExpired:
                        one.kill()
                        one.wait()


if __name__ == "__main__":
    main()
