#!/usr/bin/env python3
"""The site of jobs/site is built without a warning: every page of the tree is in
it, each link of its pages leads to a file and an anchor that are there, nothing is
fetched from elsewhere to read it, and Chromium shows it without an error. A dead
link, a dead anchor, a missing picture and a misspelled word are found.
"""

import glob
import html.parser
import os
import re
import shutil
import subprocess
import sys
import urllib.parse

import harness
from browser import Browser, require
from harness import check

BUILD = os.path.join("jobs", "site", "site.sh")
# what a page loads by itself
LOADED = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"),
          ("source", "src"), ("object", "data")}
FAULTS = {
    "[there](nowhere.md)": "leads to no file",
    "[there](#nowhere)": "no such anchor",
    "![a picture](nowhere.png)": "leads to no file",
    "A word that is mispelled.": "mispelled ==> misspelled",
}


class Page(html.parser.HTMLParser):
    """Links, what is loaded, and anchors of a page."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loads, self.ids = [], [], set()
        with open(path, encoding="utf-8") as stream:
            self.feed(stream.read())

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "id":
                self.ids.add(value)
            elif value and (tag, name) in LOADED:
                self.loads.append(value)
            elif value and (tag, name) == ("a", "href"):
                self.links.append(value)


def build(root, folder):
    env = {**os.environ, "VQE_BATCH": harness.BATCH}
    done = subprocess.run([os.path.join(root, BUILD), folder], env=env, timeout=900,
                          capture_output=True, text=True, check=False)
    if done.returncode == 3:
        print("skipped: the packages of the site cannot be installed")
        sys.exit(harness.SKIPPED)
    return done.returncode, done.stdout + done.stderr


def pages_of_tree():
    out = subprocess.run(["git", "-C", harness.ROOT, "ls-files", "*.md"], check=True,
                         capture_output=True, text=True).stdout
    return out.split()


def check_links(folder):
    """By the files alone, whatever built them."""
    pages = {path: Page(path) for path in
             glob.glob(f"{folder}/**/*.html", recursive=True)}
    count = 0
    for path, page in pages.items():
        if path.endswith("404.html"):  # its links are those of a server
            continue
        for link in page.links + page.loads:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                check(link not in page.loads, f"{path} loads {link}")
                continue
            place = os.path.normpath(os.path.join(
                os.path.dirname(path), urllib.parse.unquote(parts.path))) \
                if parts.path else path
            place = os.path.join(place, "index.html") if os.path.isdir(place) else place
            check(os.path.isfile(place), f"{path}: {link} leads to no file")
            anchor = urllib.parse.unquote(parts.fragment)
            check(not anchor or place not in pages or anchor in pages[place].ids,
                  f"{path}: {link} leads to no anchor")
            count += 1
    for path in glob.glob(f"{folder}/**/*.css", recursive=True):
        with open(path, encoding="utf-8") as stream:
            fetched = re.findall(r"url\(['\"]?(?:https?:)?//[^)]*\)", stream.read())
        check(not fetched, f"{path} loads {fetched}")
    return count


def check_pages(folder):
    pages = pages_of_tree()
    check(len(pages) > 40, f"{len(pages)} pages")
    for page in pages:
        name = re.sub(r"README\.md$", "index.md", page)
        place = os.path.join(folder, name[:-len("md")] + "html")
        check(os.path.isfile(place), f"the site lacks {page}")
    with open(os.path.join(folder, "doc", "reference", "vqe_batch.html"),
              encoding="utf-8") as stream:
        check("--max-evaluations" in stream.read(), "options in the reference")
    return len(pages)


def check_seen(folder):
    """Opened as a file, as a reader without a server does."""
    require()
    with Browser() as browser:
        for name in ("index.html", "src/batch/index.html"):
            browser.open(os.path.join(folder, name))
            bad = browser.errors()
            check(not bad, f"{name}: {bad}")
            check(browser.run("return document.querySelectorAll('h1').length") == 1,
                  f"{name}: one title")


def check_faults(scratch):
    """A small tree with one fault each."""
    tree = scratch.file("tree")
    shutil.copytree(os.path.join(harness.ROOT, "jobs", "site"),
                    os.path.join(tree, "jobs", "site"))
    for name in ("job.schema.json", "molecule.schema.json"):
        os.makedirs(os.path.join(tree, "schemas"), exist_ok=True)
        shutil.copy(os.path.join(harness.ROOT, "schemas", name),
                    os.path.join(tree, "schemas", name))
    os.makedirs(os.path.join(tree, "build"))
    os.symlink(os.path.join(harness.ROOT, "build", "site-python"),
               os.path.join(tree, "build", "site-python"))
    scratch.write("tree/.gitignore", "/build\n")
    scratch.write("tree/jobs/README.md", "# Jobs\n\n## Keys\n")
    subprocess.run(["git", "init", "--quiet", tree], check=True)
    for text, wanted in {"All is right.": "", **FAULTS}.items():
        scratch.write("tree/README.md", f"# Page\n\n{text}\n")
        status, said = build(tree, os.path.join(tree, "build", "site"))
        check((status == 0) == (wanted == ""), f"{text}: status {status}\n{said}")
        check(wanted in harness.unfolded(said), f"{text}: {said}")
    return len(FAULTS)


def main():
    with harness.Folder() as scratch:
        folder = scratch.file("site")
        status, said = build(harness.ROOT, folder)
        check(status == 0 and "WARNING" not in said, said)
        pages = check_pages(f"{folder}/html")
        links = check_links(f"{folder}/html")
        check_seen(f"{folder}/html")
        faults = check_faults(scratch)
    print(f"{pages} pages, {links} links, {faults} faults found")


main()
