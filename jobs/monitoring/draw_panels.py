#!/usr/bin/env python3
"""Usage: draw_panels.py PROMETHEUS FILE.png [--minutes N] [--row NAME]

Draws the dashboard vqe_dashboard.json from a Prometheus (http://127.0.0.1:9090)
without a Grafana, for a report or where none is to be had: one picture, each
row of it below the other. What Prometheus has no data for is left out, and
named. Needs matplotlib.
"""

import argparse
import json
import pathlib
import re
import sys
import time
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
COLUMNS = 3


def panels_of(dashboard, row=None):
    """(title of the row, panel) in the order of the dashboard."""
    title = ""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            title = panel["title"]
        elif row is None or row == title:
            yield title, panel


def expression(text, interval="1m"):
    """An expression of a panel with all values of its variables."""
    text = text.replace("$__rate_interval", interval).replace("$__interval", interval)
    return re.sub(r'=~"\$\w+"', '=~".*"', text)


def name_of(labels, legend):
    """The legend of a series, as Grafana makes it."""
    text = re.sub(r"{{(\w+)}}", lambda found: labels.get(found.group(1), ""), legend)
    return " ".join(text.split()) or labels.get("__name__", "value")


def ask(prometheus, path, **words):
    """Data of the API, without proxies."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    url = f"{prometheus.rstrip('/')}/api/v1/{path}?{urllib.parse.urlencode(words)}"
    with opener.open(url, timeout=30) as response:
        return json.load(response)["data"]["result"]


def series_of(prometheus, panel, minutes):
    """[(name, times in minutes before now, values)]"""
    now = time.time()
    step = max(1, round(minutes * 60 / 200))
    found = []
    for target in panel["targets"]:
        for one in ask(prometheus, "query_range", query=expression(target["expr"]),
                       start=now - 60 * minutes, end=now, step=step):
            found.append((name_of(one["metric"], target["legendFormat"]),
                          [(float(t) - now) / 60 for t, _ in one["values"]],
                          [float(v) for _, v in one["values"]]))
    return found


def draw_panel(axes, panel, series):
    unit = panel["fieldConfig"]["defaults"]["unit"]
    axes.set_title(panel["title"], fontsize=9, loc="left")
    axes.tick_params(labelsize=7)
    if panel["type"] == "timeseries":
        for name, times, values in series[:12]:
            axes.plot(times, values, linewidth=1.2, marker="." if len(times) < 3 else "",
                      label=name[:40])
        axes.set_xlabel("minutes", fontsize=7)
        axes.legend(fontsize=6, loc="best", framealpha=0.6)
    else:
        # what is shown by its last value
        last = sorted(((name, values[-1]) for name, _, values in series),
                      key=lambda one: one[1])[-12:]
        bars = axes.barh([name[:40] or "value" for name, _ in last],
                         [value for _, value in last])
        axes.bar_label(bars, fmt="%.4g", fontsize=7, padding=2)
        axes.margins(x=0.2)
    axes.set_ylabel("" if unit in ("none", "short") else unit, fontsize=7)
    axes.grid(alpha=0.3)


def draw(prometheus, path, minutes, row):
    # drawing needs no screen
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    with open(HERE / "vqe_dashboard.json", encoding="utf-8") as stream:
        dashboard = json.load(stream)
    drawn, missing = [], []
    for title, panel in panels_of(dashboard, row):
        series = series_of(prometheus, panel, minutes)
        if series:
            drawn.append((title, panel, series))
        else:
            missing.append(f"{title}: {panel['title']}")
    rows = [title for title, _, _ in drawn]
    lines = sum(-(-rows.count(title) // COLUMNS) for title in dict.fromkeys(rows))
    if lines == 0:
        sys.exit(f"draw_panels: {prometheus} has no data for any panel")
    figure, grid = pyplot.subplots(lines, COLUMNS, squeeze=False,
                                   figsize=(5 * COLUMNS, 2.9 * lines),
                                   layout="constrained")
    line, column, before = -1, COLUMNS, None
    for title, panel, series in drawn:
        if title != before or column == COLUMNS:
            line, column = line + 1, 0
        if title != before:
            panel = {**panel, "title": f"{title.upper()}   {panel['title']}"}
        draw_panel(grid[line][column], panel, series)
        before, column = title, column + 1
    for axes in grid.flat:
        axes.set_visible(axes.has_data())
    figure.savefig(path, dpi=80)
    print(f"{path}: {len(drawn)} panels drawn; without data: {', '.join(missing) or 'none'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[1])
    parser.add_argument("prometheus", metavar="PROMETHEUS", help="its address")
    parser.add_argument("file", metavar="FILE.png")
    parser.add_argument("--minutes", type=float, default=360, help="until now (360)")
    parser.add_argument("--row", help="one row alone, by its title")
    options = parser.parse_args()
    draw(options.prometheus, options.file, options.minutes, options.row)


if __name__ == "__main__":
    main()
