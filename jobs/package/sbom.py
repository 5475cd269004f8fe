"""The licences of what a bundle holds, and the list of it as SPDX 2.3 in JSON, by
what really lies there: every file with its hashes, every library with the package
that it is of, its version and its licence. Used by bundle.py.
"""

import datetime
import hashlib
import json
import os
import re
import shutil
import sys
import urllib.parse
import uuid

from elf_closure import dynamic, is_elf, packages_of

HERE = os.path.dirname(os.path.abspath(__file__))
SETUP = os.path.join(os.path.dirname(HERE), "setup")
DOC = "share/doc/vqe-batch"
# of the Basis Set Exchange (licences/basis_set_exchange.txt)
EXCHANGE = "share/vqe_batch/basis/exchange/"
COMMON = "/usr/share/common-licenses"


def licence_of(table, package, source):
    if package in table["packages"]:
        return table["packages"][package]
    if source in table["sources"]:
        return table["sources"][source]
    for name, licence in table["sources"].items():
        if name.endswith("-") and source.startswith(name):
            return licence
    return None


def first_match(path, pattern):
    with open(path, encoding="utf-8", errors="replace") as stream:
        match = re.search(pattern, stream.read())
    return match.group(1) if match else None


def version_of(entry, path, deps):
    """The version of what is of no package: by its header, by the script that
    fetched it, by its SONAME, or by its hash."""
    if "header" in entry:
        return first_match(os.path.join(deps, entry["header"][0]), entry["header"][1])
    if "script" in entry:
        return first_match(os.path.join(SETUP, entry["script"][0]), entry["script"][1])
    soname = dynamic(path)[1] if path else None
    return soname.partition(".so.")[2] if soname else None


class Part:
    """A package of the list."""

    def __init__(self, name, version, licence):
        self.name = name
        self.version = version
        self.licence = licence
        self.files = []
        self.text = None
        self.more = {}
        self.relation = "CONTAINS"

    @property
    def ident(self):
        return "SPDXRef-Package-" + re.sub(r"[^A-Za-z0-9.-]", "-", self.name)

    def entry(self):
        licence = self.licence or "NOASSERTION"
        return {
            "SPDXID": self.ident,
            "name": self.name,
            "versionInfo": self.version or "NOASSERTION",
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False,
            "licenseConcluded": licence,
            "licenseDeclared": licence,
            "copyrightText": "NOASSERTION",
            **self.more,
        }


def debian_part(table, found, system):
    package, version, source, source_version = found
    part = Part(package, version, licence_of(table, package, source))
    part.text = f"/usr/share/doc/{package}/copyright"
    quoted = urllib.parse.quote(version, safe=".-~")
    part.more = {
        "supplier": f"Organization: {system['ID'].capitalize()}",
        "sourceInfo": f"source package {source} {source_version}; the run path of"
        " its files is changed, so that they find each other in the bundle",
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": f"pkg:deb/{system['ID']}/{package}@{quoted}?arch=amd64"
            f"&distro={system['ID']}-{system['VERSION_ID']}",
        }],
    }
    return part


def other_part(entry, path, deps):
    part = Part(entry["name"], version_of(entry, path, deps), entry["licence"])
    if "text" in entry:
        part.text = os.path.join(HERE, "licences", entry["text"])
    if "supplier" in entry:
        part.more["supplier"] = "Organization: " + entry["supplier"]
    if "comment" in entry:
        part.more["comment"] = entry["comment"]
    return part


def system_release():
    values = {"ID": "unknown", "VERSION_ID": "unknown"}
    with open("/etc/os-release", encoding="utf-8") as stream:
        for line in stream:
            key, _, value = line.strip().partition("=")
            if key in values:
                values[key] = value.strip('"')
    return values


def parts_of_files(bundle, table, deps):
    """{name: Part} of all that lies in the bundle and is not ours."""
    parts = {}
    system = system_release()
    owners = packages_of(sorted(set(bundle.origin.values())))
    for base, folders, names in sorted(os.walk(bundle.stage)):
        folders.sort()
        for path in (os.path.join(base, name) for name in sorted(names)):
            if not is_elf(path) and path not in bundle.origin:
                continue
            found = owners.get(bundle.origin.get(path))
            own = os.path.basename(path)
            entry = next(
                (one for stem, one in table["files"].items() if own.startswith(stem)),
                None,
            )
            if found is not None:
                part = parts.setdefault(found[0], debian_part(table, found, system))
            elif entry is not None:
                part = parts.setdefault(entry["name"], other_part(entry, path, deps))
            elif path in bundle.origin:
                part = parts.setdefault(own, Part(own, None, None))
            else:
                continue
            part.files.append(path)
    return parts


def has_library_of_pages(build, name):
    """Whether the build has it: an empty file stands for one that it lacks."""
    path = os.path.join(build, "embedded", f"vqe_pages_{name}.c")
    if not os.path.exists(path):
        return False
    with open(path, encoding="utf-8") as stream:
        return "nothing.js" not in stream.read()


def static_parts(build, table, deps):
    """What is linked into the programs, by the settings of their build."""
    parts = []
    with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as stream:
        cache = stream.read()
    linked = ["uthash"]
    if re.search(r"^DUCKDB_LIBRARY:.*\.a$", cache, re.M):
        linked.append("duckdb")
    for name in ("echarts", "3dmol"):
        if has_library_of_pages(build, name):
            linked.append(name)
    if re.search(r"^VQE_NVCC:.*/nvcc$", cache, re.M) and not re.search(
        r"^VQE_CUDA:\w+=OFF$", cache, re.M
    ):
        linked.append("cudart")
    for name in linked:
        entry = table["static"][name]
        part = other_part(entry, None, deps)
        if "package" in entry:
            header = "/usr/include/uthash.h"
            part.version = packages_of([header]).get(header, (None, None))[1]
            part.text = f"/usr/share/doc/{entry['package']}/copyright"
        part.relation = "STATIC_LINK"
        parts.append(part)
    return parts


def copy_texts(bundle, parts):
    """The licence of each part; and the general ones that these refer to."""
    folder = bundle.path(DOC, "licences")
    os.makedirs(folder, exist_ok=True)
    common = set()
    for part in parts:
        if part.text is None or not os.path.exists(part.text):
            print(f"bundle: no text of a licence for {part.name}", file=sys.stderr)
            continue
        target = os.path.join(folder, part.name + ".txt")
        shutil.copyfile(os.path.realpath(part.text), target)
        with open(target, encoding="utf-8", errors="replace") as stream:
            common.update(re.findall(COMMON + r"/([\w.-]*\w)", stream.read()))
    for name in sorted(common):
        source = os.path.join(COMMON, name)
        if os.path.isfile(source):
            shutil.copyfile(os.path.realpath(source), os.path.join(folder, name))


def file_entries(bundle, owners):
    entries = []
    for base, folders, names in sorted(os.walk(bundle.stage)):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(base, name)
            if os.path.islink(path):
                continue
            with open(path, "rb") as stream:
                data = stream.read()
            inside = os.path.relpath(path, bundle.stage)
            licence = owners[path].licence if path in owners else "MIT"
            if inside.startswith(EXCHANGE):
                licence = "BSD-3-Clause"
            if inside.startswith(DOC + "/licences/"):
                licence = None
            kinds = ["BINARY"] if data[:4] == b"\x7fELF" else ["OTHER"]
            entries.append({
                "SPDXID": "SPDXRef-File-" + hashlib.sha1(inside.encode()).hexdigest(),
                "fileName": "./" + inside,
                "fileTypes": kinds,
                "checksums": [
                    {"algorithm": "SHA1",
                     "checksumValue": hashlib.sha1(data).hexdigest()},
                    {"algorithm": "SHA256",
                     "checksumValue": hashlib.sha256(data).hexdigest()},
                ],
                "licenseConcluded": licence or "NOASSERTION",
                "licenseInfoInFiles": ["NOASSERTION"],
                "copyrightText": "NOASSERTION",
            })
    return entries


def analyse(entry, sums):
    """What SPDX asks of a package whose files are listed: one sum over theirs."""
    if sums:
        text = "".join(sorted(sums)).encode()
        entry["filesAnalyzed"] = True
        entry["licenseInfoFromFiles"] = ["NOASSERTION"]
        entry["packageVerificationCode"] = {
            "packageVerificationCodeValue": hashlib.sha1(text).hexdigest()
        }
    return entry


def relation(one, kind, other):
    return {"spdxElementId": one, "relationshipType": kind,
            "relatedSpdxElement": other}


def document(bundle, options, parts):
    own = Part("vqe_batch", options.version, "MIT")
    own.more = {
        "primaryPackagePurpose": "APPLICATION",
        "supplier": "Organization: The vqe_batch authors",
    }
    if any("GPL-3.0" in (part.licence or "") and part.name.startswith("libgsl")
           for part in parts):
        own.more["licenseComments"] = (
            "vqe_batch itself is MIT; with GSL the whole is passed on under"
            " GPL-3.0-or-later"
        )
    owners = {path: part for part in parts for path in part.files}
    files = file_entries(bundle, owners)
    idents = {entry["fileName"]: entry["SPDXID"] for entry in files}
    relations = [relation("SPDXRef-DOCUMENT", "DESCRIBES", own.ident)]
    for part in parts:
        relations.append(relation(own.ident, part.relation, part.ident))
    sums = {part.ident: [] for part in [own, *parts]}
    hashes = {entry["fileName"]: entry["checksums"][0] for entry in files}
    for path, ident in sorted(idents.items()):
        part = owners.get(os.path.join(bundle.stage, path[2:]), own)
        sums[part.ident].append(hashes[path]["checksumValue"])
        relations.append(relation(part.ident, "CONTAINS", ident))
    created = datetime.datetime.fromtimestamp(options.epoch, datetime.timezone.utc)
    content = json.dumps([files, [part.entry() for part in parts]], sort_keys=True)
    name = f"vqe_batch-{options.version}"
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": f"https://spdx.org/spdxdocs/{name}-"
        + str(uuid.uuid5(uuid.NAMESPACE_URL, content)),
        "creationInfo": {
            "created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": [f"Tool: vqe_batch_sbom-{options.version}"],
        },
        "packages": [
            analyse(part.entry(), sums[part.ident]) for part in [own, *parts]
        ],
        "files": files,
        "relationships": relations,
    }


def write(bundle, options, deps):
    with open(os.path.join(HERE, "licences.json"), encoding="utf-8") as stream:
        table = json.load(stream)
    parts = parts_of_files(bundle, table, deps)
    linked = static_parts(options.build, table, deps)
    parts = [parts[name] for name in sorted(parts)] + [
        part for part in linked if part.name not in parts
    ]
    for part in parts:
        if part.licence is None or part.version is None:
            print(
                f"bundle: {part.name}: the list has no"
                f" {'licence' if part.licence is None else 'version'} for it; add it to"
                " jobs/package/licences.json",
                file=sys.stderr,
            )
    copy_texts(bundle, parts)
    out = document(bundle, options, parts)
    used = {
        one for part in parts
        for one in re.findall(r"LicenseRef-[\w.-]+", part.licence or "")
    }
    if used:
        out["hasExtractedLicensingInfos"] = [
            {"licenseId": one, "extractedText": table["refs"][one]}
            for one in sorted(used)
        ]
    path = bundle.path(DOC, "sbom.spdx.json")
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(out, stream, indent=1, sort_keys=True)
        stream.write("\n")
