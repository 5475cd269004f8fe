#!/usr/bin/env python3
"""Usage: collect.py ROOT FOLDER [PROGRAM]

Collects the pages that stand beside the code of ROOT, and what they link to,
into FOLDER/pages, at the same places, and writes FOLDER/mkdocs.yml with the
navigation. Pages of the reference that programs know are made by running
PROGRAM (build/release/vqe_batch) and the vqe_lake beside it. A link to a file,
folder or picture that is not there is an error, each named with its line.
"""

import json
import os
import re
import shutil
import subprocess
import sys

# section | pages, by their places in the tree; the first that fits counts. What
# fits none goes into the last, so that a new page is never left out.
SECTIONS = [
    ("Start", [r"README\.md", r"doc/first-steps\.md"]),
    ("Tutorials", [r"doc/tutorials/chemist\.md", r"doc/tutorials/.*"]),
    ("How to", [r"doc/howto/.*", r"jobs/(?!README)[^/]+/README\.md"]),
    ("Reference", [r"jobs/README\.md", r"doc/reference/.*", r"doc/.*",
                   r"include/.*", r"src/python/.*", r"src/store/README\.md"]),
    ("Design", [r"src/.*", r"kernels/.*"]),
    ("Developing", [r"CONTRIBUTING\.md", r"tests/.*", r"bench/.*", r".*"]),
]
COMMANDS = {
    "vqe_batch": ["", "generate", "status"],
    "vqe_lake": ["", "relocate", "query", "report", "ingest"],
}
FENCE = re.compile(r" *(```|~~~)")
ITEM = re.compile(r"( *)([-*+]|\d+[.)])( +)(\S.*)")
LINK = re.compile(r"(!?\[[^\]]*\])\(([^)\s]+)\)")
OUTSIDE = re.compile(r"[a-z]+:")


def tracked(root):
    """Files of the tree, those that git ignores left out."""
    out = subprocess.run(
        ["git", "-C", root, "ls-files", "-z", "--cached", "--others",
         "--exclude-standard"], check=True, capture_output=True).stdout
    names = [name for name in out.decode().split("\0") if name]
    return sorted(name for name in names if os.path.isfile(os.path.join(root, name)))


def without_code(lines):
    """(number, line) of lines that are text, code in them blanked."""
    fenced = False
    before_blank = True
    for number, line in enumerate(lines, 1):
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced and not (before_blank and line.startswith("    ")):
            yield number, re.sub(r"`[^`]*`", lambda m: " " * len(m.group()), line)
        if not (line.startswith("    ") and before_blank):
            before_blank = not line.strip()


def indented(text):
    """Lists as Python-Markdown reads them: four columns a level, a blank line
    before the first item."""
    out, levels, fence = [], [], None
    blank = True
    for line in text.split("\n"):
        if fence is not None:
            shift, cut = fence
            out.append(" " * shift + line[cut:] if line.strip() else line)
            if FENCE.match(line):
                fence = None
            continue
        if not line.strip():
            out.append(line)
            blank = True
            continue
        indent = len(line) - len(line.lstrip(" "))
        item = ITEM.match(line)
        within = bool(levels)
        if blank or item or line[0] in "#|`":
            while levels and indent < levels[-1]:
                levels.pop()
        depth = len(levels)
        cut = levels[-1] if levels else 0
        if item and (depth or indent < 4) and indent - cut < 4:
            if not within and not blank:
                out.append("")
            levels.append(indent + len(item.group(2)) + len(item.group(3)))
            out.append(" " * 4 * depth + item.group(2) + " " + item.group(4))
        else:
            shift = min(indent, cut)
            if FENCE.match(line):
                fence = (4 * depth, cut)
            out.append(" " * 4 * depth + line[shift:] if depth else line)
        blank = False
    return "\n".join(out)


class Site:
    def __init__(self, root, folder):
        self.root, self.folder = root, folder
        self.pages = os.path.join(folder, "pages")
        self.files = set(tracked(root))
        self.problems = []

    def write(self, name, text):
        path = os.path.join(self.pages, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)

    def target(self, page, link, number):
        """The link as the site has it; what is no page is copied."""
        path, _, anchor = link.partition("#")
        if OUTSIDE.match(link) or not path:
            return link
        name = os.path.normpath(os.path.join(os.path.dirname(page), path))
        if os.path.isdir(os.path.join(self.root, name)):
            name = os.path.normpath(os.path.join(name, "README.md"))
        if name not in self.files:
            self.problems.append(f"{page}:{number}: the link {link} leads to no file")
            return link
        if not name.endswith(".md"):
            copy = os.path.join(self.pages, name)
            os.makedirs(os.path.dirname(copy), exist_ok=True)
            shutil.copyfile(os.path.join(self.root, name), copy)
        return (os.path.relpath(name, os.path.dirname(page) or ".")
                + ("#" + anchor if anchor else ""))

    def take(self, page):
        with open(os.path.join(self.root, page), encoding="utf-8") as stream:
            lines = stream.read().split("\n")
        for number, seen in without_code(lines):
            line, out, end = lines[number - 1], "", 0
            for found in LINK.finditer(seen):
                start, stop = found.span(2)
                out += line[end:start] + self.target(page, found.group(2), number)
                end = stop
            lines[number - 1] = out + line[end:]
        self.write(page, indented("\n".join(lines)))

    def navigation(self, pages):
        nav = []
        left = list(pages)
        for title, patterns in SECTIONS:
            chosen = []
            for pattern in patterns:
                fits = [page for page in left if re.fullmatch(pattern, page)]
                chosen += fits
                left = [page for page in left if page not in fits]
            if chosen:
                nav.append({title: [{self.title(page): page} for page in chosen]})
        return nav

    def title(self, page):
        with open(os.path.join(self.pages, page), encoding="utf-8") as stream:
            first = stream.readline()
        folder = os.path.dirname(page)
        name = first[1:].strip().replace("`", "") if first.startswith("# ") else page
        return f"{name} ({folder})" if folder.startswith("src/") else name

    # ---- what programs and schemas know ----

    def options(self, program):
        for name, commands in COMMANDS.items():
            path = os.path.join(os.path.dirname(program), name)
            text = f"# Options of {name}\n\nMade from `{name} --help`.\n"
            for command in commands:
                shown = self.help(path, command)
                text += f"\n## {name} {command}".rstrip() + f"\n\n```text\n{shown}```\n"
            self.write(f"doc/reference/{name}.md", text)

    @staticmethod
    def help(path, command):
        words = [path] + ([command] if command else []) + ["--help"]
        return subprocess.run(words, check=True, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60).stdout

    def keys(self):
        with open(os.path.join(self.root, "schemas", "job.schema.json"),
                  encoding="utf-8") as stream:
            schema = json.load(stream)
        text = ("# Keys of a job file\n\nMade from `schemas/job.schema.json`; what the "
                "keys do stands in [jobs](../../jobs/README.md#keys).\n\n"
                "| key | value | default | meaning |\n|---|---|---|---|\n")
        text += "".join(rows_of("", schema, schema))
        self.write("doc/reference/job-keys.md", text)


def value_of(part, schema):
    """What a key takes, in words."""
    if "$ref" in part:
        name = part["$ref"]
        if name.startswith("#/$defs/"):
            return value_of(schema["$defs"][name.rsplit("/", 1)[1]], schema)
        return "a molecule"
    if "enum" in part:
        return ", ".join("`null`" if one is None else f"`{json.dumps(one)}`".replace('"', "")
                         for one in part["enum"])
    if "const" in part:
        return f"`{part['const']}`"
    for key in ("oneOf", "anyOf"):
        if key in part:
            words = [value_of(one, schema) for one in part[key]]
            return " or ".join(dict.fromkeys(words))
    kind = part.get("type", "object")
    kinds = [kind] if isinstance(kind, str) else kind
    if "array" in kinds:
        items = value_of(part.get("items", {}), schema)
        return f"a list of ({items})" if " or " in items else f"a list of {items}"
    return " or ".join("null" if one == "null" else one for one in kinds)


def rows_of(prefix, part, schema):
    for key, one in part.get("properties", {}).items():
        default = json.dumps(one["default"]) if "default" in one else ""
        needed = key in part.get("required", [])
        text = one.get("description", "")
        where = schema["$defs"].get(one.get("$ref", "").rsplit("/", 1)[-1], {})
        text = (text or where.get("description", "")).replace("|", "\\|")
        default = f"`{default}`" if default else ("required" if needed else "")
        yield (f"| `{prefix}{key}` | {value_of(one, schema)} | {default} | {text} |\n"
               .replace("|  |", "| |"))
        if "properties" in one:
            yield from rows_of(f"{prefix}{key}.", one, schema)


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    root, folder = map(os.path.abspath, sys.argv[1:3])
    site = Site(root, folder)
    shutil.rmtree(site.pages, ignore_errors=True)
    pages = [name for name in sorted(site.files) if name.endswith(".md")]
    for page in pages:
        site.take(page)
    if len(sys.argv) == 4:
        site.options(os.path.abspath(sys.argv[3]))
        site.keys()
        pages = sorted(pages + ["doc/reference/vqe_batch.md", "doc/reference/vqe_lake.md",
                                "doc/reference/job-keys.md"])
    with open(os.path.join(folder, "mkdocs.yml"), "w", encoding="utf-8") as out:
        json.dump({"INHERIT": os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                           "mkdocs.yml"),
                   "docs_dir": "pages", "site_dir": "html",
                   "nav": site.navigation(pages)}, out, indent=1, ensure_ascii=False)
    for problem in site.problems:
        print(problem, file=sys.stderr)
    print(f"{len(pages)} pages")
    sys.exit(1 if site.problems else 0)


main()
