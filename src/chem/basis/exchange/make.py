#!/usr/bin/env python3
"""Usage: make.py [--check]

Makes the basis sets of this folder and ../basis_sets.def from the Basis Set
Exchange's Python package (pip install basis_set_exchange==0.12, BSD-3-Clause),
H to Kr. --check writes nothing: exit status 1 where a set is another one.

A set is NAME.nw.gz: NWChem's format with name, version, elements and references
at the head. The catalogue holds the SHA-256 of the text, before compression.
"""

import argparse
import gzip
import hashlib
import pathlib
import re
import sys
import textwrap
import unicodedata

import basis_set_exchange as bse

VERSION = "0.12"
LAST = 36
HERE = pathlib.Path(__file__).resolve().parent

# the exchange's names, and what else chemists write for a set. Those of
# another program's spelling follow from the name: a * is (d), ** is (d,p).
SETS = """
sto-2g sto-3g sto-4g sto-5g sto-6g sto-3g*
3-21g 4-31g 6-21g
6-31g 6-31g* 6-31g** 6-31+g 6-31+g* 6-31+g** 6-31++g 6-31++g* 6-31++g**
6-31g(2df,p) 6-31g(3df,3pd)
6-311g 6-311g* 6-311g** 6-311+g 6-311+g* 6-311+g** 6-311++g 6-311++g* 6-311++g**
6-311g(2df,2pd) 6-311+g(2d,p) 6-311++g(2d,2p) 6-311++g(3df,3pd)
cc-pvdz cc-pvtz cc-pvqz cc-pv5z cc-pv6z
aug-cc-pvdz aug-cc-pvtz aug-cc-pvqz aug-cc-pv5z aug-cc-pv6z
d-aug-cc-pvdz d-aug-cc-pvtz d-aug-cc-pvqz
cc-pv(d+d)z cc-pv(t+d)z cc-pv(q+d)z cc-pv(5+d)z
aug-cc-pv(d+d)z aug-cc-pv(t+d)z aug-cc-pv(q+d)z aug-cc-pv(5+d)z
cc-pcvdz cc-pcvtz cc-pcvqz cc-pcv5z
aug-cc-pcvdz aug-cc-pcvtz aug-cc-pcvqz aug-cc-pcv5z
cc-pwcvdz cc-pwcvtz cc-pwcvqz cc-pwcv5z
aug-cc-pwcvdz aug-cc-pwcvtz aug-cc-pwcvqz aug-cc-pwcv5z
cc-pvdz-pp cc-pvtz-pp cc-pvqz-pp
def2-sv(p) def2-svp def2-svpd def2-tzvp def2-tzvpd def2-tzvpp def2-tzvppd
def2-qzvp def2-qzvpd def2-qzvpp def2-qzvppd
ano-rcc ano-rcc-mb ano-rcc-vdz ano-rcc-vdzp ano-rcc-vtz ano-rcc-vtzp ano-rcc-vqzp
pc-0 pc-1 pc-2 pc-3 pc-4 aug-pc-0 aug-pc-1 aug-pc-2 aug-pc-3 aug-pc-4
pcseg-0 pcseg-1 pcseg-2 pcseg-3 pcseg-4
aug-pcseg-0 aug-pcseg-1 aug-pcseg-2 aug-pcseg-3 aug-pcseg-4
lanl2dz
""".split()
# names under which sets were stored before this catalogue
STORED = {"sto-3g": "sto3g"}
# The exchange has some elements of these sets in spherical and some in
# Cartesian functions, which a calculation cannot mix: d functions of 6-311G are
# spherical, as in Gaussian.
SPHERICAL = re.compile(r"6-311\+*g\*+$")


def plain(text):
    """ASCII on one line, without the braces and dashes of TeX."""
    text = unicodedata.normalize("NFKD", text.replace("\N{EN DASH}", "-"))
    text = text.encode("ascii", "ignore").decode()
    text = re.sub(r"\\['\"`^~=.]|[{}]", "", text)
    return re.sub(r"\s+", " ", text).strip()


def cite(entry):
    """Authors, journal, volume, page and year of one reference."""
    authors = [plain(name.split(",")[0]) for name in entry.get("authors", [])]
    if len(authors) > 3:
        authors = [authors[0] + " et al."]
    place = entry.get("journal") or entry.get("title") or "unpublished"
    parts = [", ".join(authors), plain(place)]
    if entry.get("volume"):
        parts[-1] += f" {plain(entry['volume'])}"
    if entry.get("pages"):
        parts.append(plain(entry["pages"]).split("-")[0])
    line = ", ".join(part for part in parts if part)
    return line + (f" ({entry['year']})" if entry.get("year") else "")


def symbol(z):
    return bse.lut.element_sym_from_Z(z, normalize=True)


def ranges(numbers):
    """H-He, Sc for 1, 2 and 21."""
    parts, numbers = [], sorted(numbers)
    for k, z in enumerate(numbers):
        if k == 0 or numbers[k - 1] != z - 1:
            parts.append([z, z])
        parts[-1][1] = z
    return ", ".join(symbol(a) if a == b else f"{symbol(a)}-{symbol(b)}"
                     for a, b in parts)


def squeeze(name):
    """As src/chem/basis_catalog.c compares names."""
    return re.sub(r"[-_ ]", "", name.lower())


def other_names(name, data):
    names = [*data["names"], *bse.get_metadata()[bse.misc.transform_basis_name(name)]
             ["other_names"]]
    for known in list(names):
        if known.endswith("**"):
            names.append(known[:-2] + "(d,p)")
        elif known.endswith("*"):
            names.append(known[:-1] + "(d)")
    own, found = squeeze(STORED.get(name, name)), []
    for known in names:
        if squeeze(known) not in {own, *map(squeeze, found)}:
            found.append(known.lower())
    return found


def file_name(name):
    return re.sub(r"[(),]+", "_", name.replace("*", "s")).strip("_") + ".nw.gz"


def references(name, numbers):
    """Lines "elements: citation", and every citation once."""
    lines, once = [], []
    for group in bse.get_references(name, elements=numbers):
        cited = []
        for info in group["reference_info"]:
            cited += [cite(entry) for _, entry in info["reference_data"]]
        cited = list(dict.fromkeys(cited))
        lines.append((ranges(map(int, group["elements"])), cited))
        once += [line for line in cited if line not in once]
    return lines, once


def make(name):
    """The text of a set, and its line of the catalogue."""
    whole = bse.get_basis(name)
    numbers = sorted(int(z) for z in whole["elements"] if int(z) <= LAST)
    data = bse.get_basis(name, elements=numbers)
    cores = [z for z in numbers if "ecp_potentials" in data["elements"][str(z)]]
    lines, once = references(name, numbers)
    head = [f"{data['name']}, version {data['version']} "
            f"({data['revision_date']}), of the Basis Set Exchange {VERSION}",
            plain(data["description"]), f"Elements: {ranges(numbers)}"]
    if cores:
        head.append(f"Effective core potentials: {ranges(cores)}")
    head.append("References:")
    head += [f"  {elements}: {'; '.join(cited)}" for elements, cited in lines]
    text = "".join(f"# {part}\n" for line in head for part in
                   textwrap.wrap(line, 110, subsequent_indent="    "))
    block = bse.get_basis(name, elements=numbers, fmt="nwchem", header=False)
    if SPHERICAL.match(name):
        block = block.replace('"ao basis" CARTESIAN', '"ao basis" SPHERICAL')
    text += block
    values = [STORED.get(name, name), data["name"],
              "|".join(other_names(name, data)), file_name(name),
              str(data["version"]), ranges(numbers),
              hashlib.sha256(text.encode()).hexdigest(), "; ".join(once)]
    row = ",\n          ".join('"' + value.replace('"', '\\"') + '"'
                               for value in values)
    return text, f"BASIS_SET({row})\n"


def check_names(rows):
    seen = {}
    for row in rows:
        values = re.findall(r'"((?:[^"\\]|\\.)*)"', row)
        for name in [values[0], values[1], *filter(None, values[2].split("|"))]:
            if seen.setdefault(squeeze(name), values[0]) != values[0]:
                sys.exit(f"{name} names {values[0]} and {seen[squeeze(name)]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    if bse.version() != VERSION:
        sys.exit(f"basis_set_exchange {VERSION} is needed, not {bse.version()}")
    rows, differing = [], []
    for name in SETS:
        text, row = make(name)
        rows.append(row)
        path = HERE / file_name(name)
        if check:
            if not path.exists() or gzip.decompress(path.read_bytes()).decode() != text:
                differing.append(path.name)
        else:
            path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    check_names(rows)
    catalog = ("/* Made by exchange/make.py from the Basis Set Exchange: stored "
               "name, the exchange's\n * name, other names, file, version, "
               "elements, SHA-256 of the text, references. */\n"
               + "".join(rows))
    path = HERE.parent / "basis_sets.def"
    if not check:
        path.write_text(catalog, encoding="ascii")
    elif path.read_text(encoding="ascii") != catalog:
        differing.append(path.name)
    if differing:
        sys.exit("not as made from the exchange: " + ", ".join(differing))


if __name__ == "__main__":
    main()
