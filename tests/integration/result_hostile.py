#!/usr/bin/env python3
"""Result files made to read, load or hold what is not theirs: data kept in
other files, virtual data sets, links that are not hard, filters by plugins,
named types, elements of variable length, attributes and data sets that are
larger than the file, chunks that inflate to gigabytes. Each is refused by
`vqe_lake normalize`, `vqe_lake qasm`, `vqe_batch` as its earlier output and
`vqe_batch status`, in bounded memory, with file, data set and remedy, and is
left as it was; other results are still read.

VQE_BATCH and VQE_LAKE name the programs. Exit status 77: no h5py.
"""

import json
import os
import resource
import shutil
import struct
import subprocess
import zlib

import harness
from harness import check, unfolded

h5py = harness.h5py_or_skip()

import numpy as np  # noqa: E402

LAKE = os.path.abspath(os.environ.get("VQE_LAKE") or os.path.join(
    os.path.dirname(harness.BATCH), "vqe_lake"))
SECRET = b"s3cr3t-of-another-file\n"
GROUP = "experiments/000000/"
# address space of a program that has to do with a file of some 40 kB; OpenBLAS
# and DuckDB reserve some
MEMORY = 3 << 30
PEAK_MB = 400
# as the address space of AddressSanitizer is the whole
SANITIZED = f"{os.sep}debug{os.sep}" in harness.BATCH

PLUGIN = r"""
#include <stdio.h>
#include <stdlib.h>
#include <hdf5.h>
static size_t pass(unsigned f, size_t n, const unsigned v[], size_t bytes,
                   size_t *size, void **data) { return bytes; }
static const H5Z_class2_t filter = {H5Z_CLASS_T_VERS, 32000, 1, 1, "lzf",
                                    NULL, NULL, pass};
int H5PLget_plugin_type(void) { return 0; }
const void *H5PLget_plugin_info(void) { return &filter; }
__attribute__((constructor)) static void loaded(void)
{
  FILE *file = fopen(getenv("LOADED_MARK"), "w");
  if (file != NULL) fclose(file);
}
"""


def replace(file, name, **how):
    """The data set `name` made again, with its values, in another way."""
    values = file[name][()]
    attributes = dict(file[name].attrs)
    del file[name]
    made = file.create_dataset(name, data=values, **how)
    made.attrs.update(attributes)
    return made


def external(name):
    def change(folder, file):
        values = file[name][()]
        size = values.nbytes
        del file[name]
        with open(folder.file("secret"), "wb") as stream:
            stream.write((SECRET * (size // len(SECRET) + 1))[:size])
        file.create_dataset(name, shape=values.shape, dtype=values.dtype,
                            external=[(folder.file("secret"), 0, size)])
    return change


def virtual(name):
    def change(folder, file):
        dtype, shape = file[name].dtype, file[name].shape
        del file[name]
        layout = h5py.VirtualLayout(shape=shape, dtype=dtype)
        layout[...] = h5py.VirtualSource(folder.file("good.h5"), name, shape=shape)
        file.create_virtual_dataset(name, layout)
    return change


def linked(name, link):
    def change(folder, file):
        file.move(name, "elsewhere")
        file[name] = link(folder)
    return change


def filtered(name, **how):
    def change(_, file):
        rows = file[name].shape
        replace(file, name, chunks=rows, **how)
    return change


def named(name):
    def change(_, file):
        values = file[name][()]
        del file[name]
        file["type"] = values.dtype
        made = file.create_dataset(name, shape=values.shape, dtype=file["type"])
        made[...] = values
    return change


def variable(name, dtype, value):
    def change(_, file):
        del file[name]
        made = file.create_dataset(name, shape=(1,), dtype=dtype)
        if value is not None:
            made[0] = value
    return change


def column_of_variable_length(_, file):
    values = file["settings"][()]
    del file["settings"]
    kinds = [(n, h5py.string_dtype() if n == "name" else values.dtype[n])
             for n in values.dtype.names]
    made = np.empty(values.shape, dtype=kinds)
    for n in values.dtype.names:
        made[n] = values[n]
    file.create_dataset("settings", data=made)


def reference(_, file):
    target = file["summary"].ref
    del file[GROUP + "ansatz"]
    made = file.create_dataset(GROUP + "ansatz", shape=(1,), dtype=h5py.ref_dtype)
    made[0] = target


def region_reference(_, file):
    target = file["summary"].regionref[0:1]
    del file[GROUP + "geometry"]
    made = file.create_dataset(GROUP + "geometry", shape=(2,),
                               dtype=h5py.regionref_dtype)
    made[0] = target


def unwritten(name, rows, **how):
    """Rows that nobody wrote: 12 kB that ask for gigabytes."""
    def change(_, file):
        dtype = file[name].dtype
        del file[name]
        file.create_dataset(name, shape=rows, dtype=dtype, **how)
    return change


def rows_beyond_groups(_, file):
    """Tables of very many rows that deflate well, and a group for one."""
    for name in ("results", "settings", "molecules", "summary"):
        row = file[name][:1]
        del file[name]
        file.create_dataset(name, data=np.repeat(row, 3000), chunks=(100,),
                            compression="gzip", compression_opts=9)


def large_chunk(name):
    """A chunk of 4 GB, deflated: HDF5 holds one as a whole. It is a small
    stored one, as nobody would write it."""
    def change(_, file):
        dtype, shape = file[name].dtype, file[name].shape
        del file[name]
        per = ((4 << 30) - 4096) // dtype.itemsize
        made = file.create_dataset(name, shape=shape, dtype=dtype, chunks=(per,),
                                   maxshape=(None,), compression="gzip")
        made.id.write_direct_chunk((0,), zlib.compress(b"\0" * (8 << 20), 9))
    return change


def bomb(name):
    """A chunk of a few rows whose stream gives a gigabyte and more."""
    def change(_, file):
        values = file[name][()]
        del file[name]
        made = file.create_dataset(name, shape=values.shape, dtype=values.dtype,
                                   chunks=values.shape,
                                   maxshape=(None,) * values.ndim,
                                   compression="gzip")
        stream = zlib.compressobj(9)
        parts = [stream.compress(values.tobytes())]
        zeros = b"\0" * (16 << 20)
        parts += [stream.compress(zeros) for _ in range(80)]
        parts.append(stream.flush())
        made.id.write_direct_chunk((0,) * values.ndim, b"".join(parts))
    return change


def wide_bomb(_, file):
    """The same in a chunk that is large by itself: a long text."""
    width = 2 << 20
    del file[GROUP + "ansatz"]
    made = file.create_dataset(GROUP + "ansatz", shape=(1,), dtype=f"S{width}",
                               chunks=(1,), maxshape=(None,), compression="gzip")
    stream = zlib.compressobj(9)
    zeros = b"\0" * (16 << 20)
    parts = [stream.compress(zeros) for _ in range(80)] + [stream.flush()]
    made.id.write_direct_chunk((0,), b"".join(parts))


def attribute(name, value, **how):
    def change(_, file):
        del file.attrs[name]
        file.attrs.create(name, value, **how)
    return change


def named_attribute(_, file):
    file["type"] = np.dtype("S16")
    del file.attrs["format"]
    file.attrs.create("format", np.bytes_("vqe_batch result"), dtype=file["type"])


def attribute_reference(_, file):
    target = file["summary"].ref
    del file.attrs["layout_version"]
    file.attrs.create("layout_version", target, dtype=h5py.ref_dtype)


def odd_float(name):
    """Numbers whose format only HDF5's general conversion reads."""
    def change(_, file):
        kind = h5py.h5t.IEEE_F64LE.copy()
        kind.set_fields(63, 40, 23, 0, 40)
        shape = file[name].shape
        del file[name]
        space = h5py.h5s.create_simple(shape)
        made = h5py.h5d.create(file.id, name.encode(), kind, space)
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ones(shape))
    return change


# what is done to the file, and what of it is named
CASES = {
    "external table": (external("results"), "'results'", "external storage"),
    "external text": (external(GROUP + "ansatz"), GROUP + "ansatz",
                      "external storage"),
    "external numbers": (external(GROUP + "parameters"), GROUP + "parameters",
                         "external storage"),
    "virtual table": (virtual("summary"), "'summary'", "virtual"),
    "virtual numbers": (virtual(GROUP + "parameters"), GROUP + "parameters",
                        "virtual"),
    "soft link": (linked("summary", lambda _: h5py.SoftLink("/elsewhere")),
                  "'summary'", "soft link"),
    "soft link in a group": (
        linked(GROUP + "evaluations", lambda _: h5py.SoftLink("/elsewhere")),
        GROUP + "evaluations", "soft link"),
    "soft link to groups": (
        linked("experiments", lambda _: h5py.SoftLink("/elsewhere")),
        "experiments/000000", "soft link"),
    "external link": (
        linked("experiments", lambda folder: h5py.ExternalLink(
            folder.file("good.h5"), "/experiments")),
        "experiments/000000", "another file"),
    "external link to a table": (
        linked("results", lambda folder: h5py.ExternalLink("good.h5", "/results")),
        "'results'", "another file"),
    "external link in a group": (
        linked(GROUP + "ansatz", lambda folder: h5py.ExternalLink(
            "good.h5", GROUP + "ansatz")), GROUP + "ansatz", "another file"),
    "filter of a plugin": (filtered(GROUP + "initial_parameters",
                                    compression="lzf"),
                           GROUP + "initial_parameters", "filtered"),
    "filter of a plugin, a table": (filtered("summary", compression="lzf"),
                                    "'summary'", "filtered"),
    "scale-offset": (filtered(GROUP + "optimal_parameters", scaleoffset=3),
                     GROUP + "optimal_parameters", "filtered"),
    "named type": (named("molecules"), "'molecules'", "named type"),
    "named type in a group": (named(GROUP + "parameters"), GROUP + "parameters",
                              "named type"),
    "text of variable length": (
        variable(GROUP + "ansatz", h5py.string_dtype(), "OPENQASM 3;"),
        GROUP + "ansatz", "variable length"),
    "column of variable length": (column_of_variable_length, "'settings'",
                                  "variable length"),
    "sequence": (variable(GROUP + "initial_parameters",
                          h5py.vlen_dtype(np.float64), None),
                 GROUP + "initial_parameters", "variable length"),
    "reference": (reference, GROUP + "ansatz", "references"),
    "region reference": (region_reference, GROUP + "geometry", "references"),
    "odd numbers": (odd_float(GROUP + "initial_parameters"),
                    GROUP + "initial_parameters", "unusual format"),
    "unwritten evaluations": (
        unwritten(GROUP + "evaluations", (30000000,), chunks=(1000,)),
        GROUP + "evaluations", "stored for it"),
    "unwritten results": (unwritten("results", (1 << 40,), chunks=(100,)),
                          "'results'", "stored for it"),
    "unwritten, contiguous": (unwritten(GROUP + "evaluations", (30000000,)),
                              GROUP + "evaluations", "stored for it"),
    "overflow": (unwritten("results", (1 << 62,), chunks=(100,)), "'results'",
                 "overflows"),
    "rows without groups": (rows_beyond_groups, "", "more rows"),
    "large chunk": (large_chunk(GROUP + "evaluations"), GROUP + "evaluations",
                    "too large"),
    "large chunk of a table": (large_chunk("settings"), "'settings'", "too large"),
    "bomb": (bomb(GROUP + "initial_parameters"), GROUP + "initial_parameters",
             "more bytes than it has"),
    "bomb in a table": (bomb("results"), "'results'", "more bytes than it has"),
    "bomb in a text": (wide_bomb, GROUP + "ansatz", "inflates"),
    "attribute of many elements": (
        attribute("format", np.full(3000, b"vqe_batch result", "S16")),
        "attribute format",
        "one element"),
    "numbers in an attribute": (
        attribute("layout_version", np.ones(8000, np.int32)),
        "attribute layout_version", "one element"),
    "attribute of variable length": (
        attribute("format", "vqe_batch result", dtype=h5py.string_dtype()),
        "attribute format", "variable length"),
    "attribute of a named type": (named_attribute, "'/'", "lengths or types"),
    "attribute with a reference": (attribute_reference,
                                   "attribute layout_version", "references"),
}


def run(folder, words):
    """Status, screen and peak memory in MB."""
    def limit():
        if not SANITIZED:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    env = {**harness.environment(), "HDF5_PLUGIN_PATH": folder.file("plugins"),
           "LOADED_MARK": folder.file("loaded"), "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen(
        words, cwd=folder.path, env=env, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=limit)
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, text, usage.ru_maxrss >> 10


def make_plugin(folder):
    """A filter that says when it is loaded, where HDF5 looks for filters."""
    os.mkdir(folder.file("plugins"))
    folder.write("plugin.c", PLUGIN)
    flags = subprocess.run(["pkg-config", "--cflags", "hdf5-serial"],
                           capture_output=True, text=True, check=False).stdout
    done = subprocess.run(
        ["cc", "-shared", "-fPIC", *flags.split(), "-o",
         folder.file("plugins/libfilter.so"), folder.file("plugin.c")],
        capture_output=True, text=True, check=False)
    check(done.returncode == 0, done.stderr)


def refused(folder, case, path, named_as, words):
    """By everything that reads it; the file stays as it is."""
    with open(path, "rb") as stream:
        before = stream.read()
    tables = folder.file("tables")
    readers = {
        "normalize": [LAKE, "normalize", path, "--warehouse", tables],
        "vqe_batch": [harness.BATCH, "h2.json", "-q", "--no-lake", "-o", path],
        "qasm": [LAKE, "qasm", path],
    }
    for reader, line in readers.items():
        status, screen, peak = run(folder, line)
        text = unfolded(screen.decode(errors="replace"))
        where = f"{case}, {reader}: {status} {text}"
        check(status == 2 if reader == "vqe_batch" else status not in (0, None)
              and 0 < status < 64, where)
        check(os.path.basename(path) in text and named_as in text, where)
        check(words in text and "as vqe_batch wrote it" in text, where)
        check(SECRET not in screen, where)
        check(SANITIZED or peak < PEAK_MB, f"{case}, {reader}: {peak} MB")
    check(not os.path.exists(folder.file("loaded")), f"{case} loads a plugin")
    with open(path, "rb") as stream:
        check(stream.read() == before, f"{case}: the file was changed")
    for root, _, names in os.walk(tables):
        for name in names:
            with open(os.path.join(root, name), "rb") as stream:
                check(SECRET.strip() not in stream.read(), f"{case}: {name}")


def state(folder, path):
    """What `vqe_batch status` says of a file, which is a plain message."""
    status, screen, peak = run(folder, [harness.BATCH, "status", path])
    check(status in (0, 1, 2), f"status: {status} {screen}")
    check(SANITIZED or peak < PEAK_MB, f"status: {peak} MB")
    return unfolded(screen.decode(errors="replace"))


def check_header(folder):
    """Lengths in an object header, which HDF5 1.10 believes: a fill value of
    50 MB, and the same file as h5py writes it, in the old format, is read."""
    mark = 12345.678
    name = GROUP + "initial_parameters"
    path = folder.file("old.h5")
    with h5py.File(folder.file("good.h5")) as good, \
            h5py.File(path, "w", libver="earliest") as file:
        file.attrs.update(good.attrs)
        for key in good:
            good.copy(key, file)
        values = file[name][()]
        del file[name]
        file.create_dataset(name, data=values, fillvalue=mark)
    status, screen, _ = run(folder, [LAKE, "normalize", path, "--warehouse",
                                     folder.file("old")])
    check(status == 0, f"the old format: {screen}")
    with open(path, "r+b") as stream:
        data = bytearray(stream.read())
        at = data.index(struct.pack("<d", mark))
        check(data[at - 4:at] == struct.pack("<I", 8), "a fill value of 8 bytes")
        data[at - 4:at] = struct.pack("<I", 50 << 20)
        stream.seek(0)
        stream.write(data)
    refused(folder, "fill value", path, name, "lengths or types")


def check_campaign(folder):
    """One hostile file among those of a campaign: the others show."""
    folder.write("small.json", {"name": "small", "molecules": [harness.H2],
                                "init": "random", "seed": "1-4"})
    folder.run("generate", "small.json", "-o", "c", "--parts", "2")
    for part in ("1", "2"):
        folder.run(f"c/part-000{part}.json", "-q", "--no-lake")
    path = folder.file("c/part-0001.h5")
    with h5py.File(path, "r+") as file:
        external("results")(folder, file)
    done = folder.run("status", "c", "--json", status=1)
    seen = json.loads(done.stdout)
    check(seen["done"] == 2 and seen["total"] == 4, f"{seen}")
    text = unfolded(done.stderr)
    check("external storage" in text and "part-0001.h5" in text, text)


def check_missing(folder):
    """Each data set of an experiment gone, one after the other: no reader that
    needs it crashes, and each that stops says why."""
    folder.write("whole.json", {"molecules": [harness.H2], "seed": 1,
                                "init": "random", "properties": True})
    folder.run("whole.json", "-q", "--no-lake", "-o", "whole.h5")
    names = []
    with h5py.File(folder.file("whole.h5")) as file:
        file[GROUP].visititems(lambda name, found: names.append(name)
                               if isinstance(found, h5py.Dataset) else None)
    path = folder.file("gap.h5")
    lines = [[LAKE, "molden", path], [LAKE, "cube", path, "--density"],
             [LAKE, "cube", path, "--orbital", "1", "--spacing", "1"],
             [LAKE, "qasm", path, "--bind"],
             [LAKE, "report", path, "-o", folder.file("gap.html")],
             [LAKE, "normalize", path, "-w", folder.file("gap")],
             [harness.BATCH, "whole.json", "-q", "--no-lake", "-o", path]]
    for name in names:
        for line in lines:
            shutil.copy(folder.file("whole.h5"), path)
            with h5py.File(path, "r+") as file:
                del file[GROUP + name]
            status, screen, _ = run(folder, line)
            text = unfolded(screen.decode(errors="replace"))
            check(status in (0, 1, 2) and b"Sanitizer" not in screen,
                  f"without {name}, {line[1]}: {status} {text}")
            check(status == 0 or os.path.basename(line[0]) + ":" in text,
                  f"without {name}, {line[1]}: {text}")
    return len(names) * len(lines)


with harness.Folder() as folder:
    folder.write("h2.json", {"molecules": [harness.H2], "seed": 1,
                             "init": "random"})
    folder.run("h2.json", "-q", "--no-lake", "-o", "good.h5")
    make_plugin(folder)
    number = 0
    for case, (change, named_as, words) in CASES.items():
        path = folder.file(f"case{number}.h5")
        number += 1
        shutil.copy(folder.file("good.h5"), path)
        with h5py.File(path, "r+") as file:
            change(folder, file)
        refused(folder, case, path, named_as, words)
        if named_as in ("'summary'", "'results'") or "attribute" in named_as:
            said = state(folder, path)
            check(words in said and os.path.basename(path) in said,
                  f"{case}, status: {said}")
        os.unlink(path)
    check_header(folder)
    check_campaign(folder)
    gaps = check_missing(folder)
    # the same tables take a file that is as it should be, also one whose data
    # sets were made again by others in other plain ways
    for name in ("summary", "results", "settings", "molecules"):
        with h5py.File(folder.file("good.h5"), "r+") as file:
            replace(file, name, chunks=(1,), maxshape=(None,), compression="gzip",
                    shuffle=True, fletcher32=True)
    with h5py.File(folder.file("good.h5"), "r+") as file:
        replace(file, GROUP + "parameters")
    status, screen, _ = run(folder, [LAKE, "normalize", folder.file("good.h5"),
                                     "--warehouse", folder.file("tables")])
    check(status == 0, screen)
    rows = folder.summary("h2.json", "-q", "--no-lake", "-o", "good.h5")
    check([row["restored"] for row in rows] == [True], "read again")
print(f"hostile result files: {len(CASES)} refused by three readers, "
      f"{gaps} commands on files with a gap")
