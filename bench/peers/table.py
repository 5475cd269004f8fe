#!/usr/bin/env python3
"""Tables of a run of vqe_bench and its peers, from the records of run.sh.

Usage: table.py RECORDS [--markdown FILE]
       table.py --into README FILE

Prints ours, each peer's and the ratio. No ratio without agreement: energies to
1e-8 hartree, minima that optimizers found to 1e-5. --into replaces what stands
between the two marks of a page by the Markdown file. Exit status 1 when an
energy disagrees.
"""

import argparse
import json
import sys

TOLERANCE = 1e-8
MINIMUM_TOLERANCE = 1e-5  # of vqe/: found by gtol 1e-4
BEGIN = "<!-- tables: begin -->"
END = "<!-- tables: end -->"
# wall milliseconds, one thread of another machine: a goal, not a comparison
TARGETS = {
    "energy/full/H2O": 1.5,
    "gradient/full/H2O": 5,
    "energy/full/NH3": 10,
    "gradient/full/NH3": 30,
    "energy/full/N2": 300,
    "gradient/full/N2": 900,
    "gradient/sector/H2O": 0.04,
    "gradient/sector/NH3": 0.4,
    "gradient/sector/N2": 1.0,
    "gradient/sector/CO2": 300,
    "sigma/sector/N2": 0.5,
    "vqe/H2O": 1.0,
    "vqe/NH3": 12,
    "vqe/N2": 40,
    "vqe/CO2": 10000,
    "mapping/H2O": 2,
    "mapping/NH3": 10,
    "mapping/CO2": 500,
    "startup/tuned": 50,
    "batch/alone": 1000,
    "lake/8": 1000,
}


def read(path):
    machine, ours, peers, absent = {}, {}, [], []
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            record = json.loads(line)
            if "peer" in record:
                (peers if "workload" in record else absent).append(record)
            elif "workload" in record:
                ours[record["workload"]] = record
            else:
                machine = record
    return machine, ours, peers, absent


def milliseconds(seconds):
    value = 1e3 * seconds
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def times(ratio):
    return f"{ratio:.0f}" if ratio >= 100 else f"{ratio:.2g}"


def compare(record, ours):
    """Cells of one row and whether the energies agree."""
    name = record["workload"]
    mine = ours.get(name, {})
    cells = [name, f"{record['peer']} {record.get('version', '')}"]
    if "wall_min" not in record:
        return [*cells, "", "", "", record.get("reason", "")], True
    theirs = record["wall_min"]
    note = record.get("note", "")
    if not mine.get("wall_min"):
        return [*cells, "", milliseconds(theirs), "", note], True
    own = mine["wall_min"]
    if name.startswith("scf/"):
        # the peer does not transform; CPU time, which it is charged less by,
        # is that of all we do
        own = mine["seconds_integrals"] + mine["seconds_scf"]
        if record.get("cpu_min") and mine.get("cpu_min"):
            note += "; CPU ratio " + times(record["cpu_min"] / mine["cpu_min"])
    key = "one_norm" if name.startswith("mapping/") else "energy"
    tolerance = MINIMUM_TOLERANCE if name.startswith("vqe/") else TOLERANCE
    if "energy" in record and abs(record["energy"] - mine[key]) > tolerance:
        note = f"DISAGREE: {record['energy']:.10f}, ours {mine[key]:.10f}"
        return [*cells, milliseconds(own), milliseconds(theirs), "", note], False
    return [
        *cells,
        milliseconds(own),
        milliseconds(theirs),
        times(theirs / own),
        note,
    ], True


def ours_row(record):
    name = record["workload"]

    def share(key):
        return f"{100 * record[key]:.0f}" if key in record else ""

    def rate(key):
        return f"{record[key]:.1f}" if key in record else ""

    target = TARGETS.get(name)
    met = ""
    if target is not None:
        met = "met" if 1e3 * record["wall_min"] <= target else "missed"
    remark = ""
    if "optimizer_share" in record:
        remark = f"{100 * record['optimizer_share']:.1f}% in the optimizer"
    elif "experiments_per_second" in record:
        remark = f"{record['experiments_per_second']:.0f} experiments/s"
    elif "records_per_second" in record:
        rates = record["records_per_second"], record["of_librdkafka"]
        remark = "{:.0f} records/s, {:.2f} of librdkafka's".format(*rates)
    return [
        name,
        milliseconds(record["wall_min"]),
        milliseconds(record["wall_median"]),
        f"{record['peak_memory_mb']:.0f}",
        rate("gflops"),
        rate("gbytes_per_second"),
        share("roofline_share"),
        f"{target:g}" if target is not None else "",
        met,
        remark,
    ]


PEER_HEAD = ["workload", "peer", "ours ms", "peer ms", "peer / ours", "remark"]
OUR_HEAD = [
    "workload",
    "min ms",
    "median ms",
    "peak MB",
    "GFLOP/s",
    "GB/s",
    "roofline %",
    "target ms",
    "",
    "remark",
]


def markdown_table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def plain_table(head, rows):
    widths = [max(len(row[k]) for row in [head, *rows]) for k in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
        for row in [head, *rows]
    ]


def tables(path):
    machine, ours, peers, absent = read(path)
    order = {name: k for k, name in enumerate(ours)}
    peers.sort(key=lambda r: order.get(r["workload"], len(order)))
    compared = [compare(record, ours) for record in peers]
    own = [ours_row(r) for r in ours.values() if r.get("status") == "ok"]
    rest = [
        f"{r['workload']}: {r.get('status')}, {r.get('reason', '')}"
        for r in ours.values()
        if r.get("status") != "ok"
    ] + [f"{r['peer']}: {r['reason']}" for r in absent]
    head = (
        f"{machine.get('processor')}, {machine.get('processors')} processors, load "
        f"{machine.get('load', 0):.2f} at the start, {machine.get('time', '')[:10]}"
    )
    return head, [row for row, _ in compared], own, rest, all(ok for _, ok in compared)


def put_into(page, path):
    with open(path, encoding="utf-8") as stream:
        new = stream.read()
    with open(page, encoding="utf-8") as stream:
        text = stream.read()
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    with open(page, "w", encoding="utf-8") as stream:
        stream.write(f"{before}{BEGIN}\n{new}{END}{after}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records")
    parser.add_argument("--markdown")
    parser.add_argument("--into")
    arguments = parser.parse_args()
    if arguments.into is not None:
        put_into(arguments.into, arguments.records)
        return 0
    head, compared, own, rest, agree = tables(arguments.records)
    print(head)
    print("\n".join(plain_table(PEER_HEAD, compared)))
    if rest:
        print("\n".join(["", *rest]))
    if arguments.markdown:
        lines = [f"Measured on: {head}.", ""]
        lines += markdown_table(PEER_HEAD, compared)
        lines += ["", *markdown_table(OUR_HEAD, own)]
        if rest:
            lines += ["", *(f"- {line}" for line in rest)]
        with open(arguments.markdown, "w", encoding="utf-8") as stream:
            stream.write("\n".join(lines) + "\n")
    if not agree:
        print("energies disagree", file=sys.stderr)
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
