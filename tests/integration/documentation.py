#!/usr/bin/env python3
"""Every command of first steps, tutorials and how-to pages (doc) is run, and shows
what the page says. Each page has a folder of its own. So are those that README.md
has for what is asked elsewhere.

A block ```console holds commands behind "$ " (continued behind "> ") and what they
show; ```json title="NAME" and the like are files that they need. "..." stands for
anything, a line of it for any lines. Numbers with a point agree to the digits shown,
energies to 5e-6 hartree; other numbers above 9 to a fifth, and beside energies to
half, as counts of evaluations differ between processors; times are not compared.
Commands for machines that are not here stand in blocks ```sh behind a line
<!-- run by TEST --> that names the tests that run the like.

Usage: documentation.py [PROGRAM] [--write] [PAGE...]; --write puts what is shown
into the pages.
"""

import glob
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import harness
from harness import check

NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
OPENING = re.compile(r"```(\w+)(?: title=\"([^\"]+)\")?$")
NAMED = re.compile(r"<!-- run by ([\w./ -]+) -->$")


class Block:
    """A fenced block: its language, title, lines and place."""

    def __init__(self, page, number, before, language, title):
        self.where = f"{os.path.relpath(page, harness.ROOT)}:{number}"
        self.before, self.language, self.title = before, language, title
        self.start, self.lines = number, []


def blocks_of(page):
    found, block, before = [], None, ""
    with open(page, encoding="utf-8") as stream:
        for number, line in enumerate(stream.read().split("\n"), 1):
            opening = OPENING.match(line)
            if block is None and opening:
                block = Block(page, number, before, *opening.groups())
            elif block is not None and line == "```":
                found.append(block)
                block = None
            elif block is not None:
                block.lines.append(line)
            else:
                check(not line.startswith("```"), f"{page}:{number}: no language")
            before = line or before
    check(block is None, f"{page}: a block without an end")
    return found


def commands_of(block):
    """[command, lines shown] of a block."""
    commands = []
    for line in block.lines:
        if line.startswith("$ "):
            commands.append([line[2:], []])
        elif line.startswith("> ") and commands and not commands[-1][1]:
            commands[-1][0] += "\n" + line[2:]
        else:
            check(commands, f"{block.where}: output without a command")
            commands[-1][1].append(line)
    check(commands, f"{block.where}: no command")
    return commands


def decimals(number):
    return len(re.sub(r"[eE].*", "", number).partition(".")[2])


def same_number(found, wanted, of_energies):
    """Processors differ in the last digits of energies, and so in counts of steps."""
    if found == wanted:
        return True
    if "." in wanted or "." in found:
        power = int(re.sub(r".*[eE]", "", wanted)) if re.search("[eE]", wanted) else 0
        near = 1.5 * 10.0 ** (power - decimals(wanted))
        if of_energies:  # in hartree, or millihartree
            near = max(near, 5e-6 if decimals(wanted) > 5 else 5e-3)
        return abs(float(found) - float(wanted)) <= near
    off = abs(int(found) - int(wanted))
    return off <= abs(int(wanted)) / 5 and abs(int(wanted)) > 9 or \
        of_energies and off <= max(3, abs(int(wanted)) / 2)


def same_line(found, wanted):
    """Words alike, numbers near, "..." anything."""
    parts = [NUMBER.split(part) for part in " ".join(wanted.split()).split("...")]
    pattern = r".*?".join(f"({NUMBER.pattern})".join(re.escape(text).replace(r"\ ", r"\s*")
                                                    for text in part) for part in parts)
    match = re.fullmatch(pattern, " ".join(found.split()))
    numbers = NUMBER.findall(wanted)
    of_energies = any(decimals(number) > 5 for number in numbers)
    return match is not None and all(
        same_number(one, other, of_energies)
        for one, other in zip(match.groups(), numbers))


def timeless(lines):
    """Without times: a number before " s", the column of seconds."""
    out, column = [], False
    for line in lines:
        if line.endswith("seconds") and "energy" in line:
            column = True
        elif column and line.startswith("Left out"):
            column = False
        elif column:
            line = re.sub(r"\S+$", "...", line)
        out.append(re.sub(r"\d+\.\d+ s\b", "... s", line))
    return out


def same_output(found, wanted):
    return same_text(found, timeless(wanted))


def same_text(found, wanted):
    """Lines in order; a line "..." stands for any number of them."""
    if not wanted:
        return not found
    if wanted[0].strip() == "...":
        return any(same_text(found[k:], wanted[1:]) for k in range(len(found) + 1))
    return bool(found) and same_line(found[0], wanted[0]) and \
        same_text(found[1:], wanted[1:])


def run(command, folder, block):
    env = {**harness.environment(), "COLUMNS": "80", "OMP_NUM_THREADS": "1",
           "PATH": os.path.dirname(harness.BATCH) + ":" + os.environ["PATH"]}
    for name in list(env):
        if name.startswith(("VQE_", "AWS_")):
            del env[name]
    done = subprocess.run(["bash", "-c", command], cwd=folder,
                          env=env, timeout=120, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    check(done.returncode == 0,
          f"{block.where}: {command}: exit status {done.returncode}\n{done.stdout}")
    return [line.rstrip() for line in done.stdout.rstrip("\n").split("\n")] \
        if done.stdout.strip() else []


def check_indented(page):
    """Commands stand in blocks with a language, so that none is passed over."""
    with open(page, encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            check(not re.match(r"    (vqe_|mpirun |jobs/|build/)", line),
                  f"{page}:{number}: a command in an indented block")


def check_blocks_elsewhere(block):
    named = NAMED.match(block.before)
    check(named, f"{block.where}: a block of {block.language} that nothing runs; make it"
          " console, or name the tests that run the like: <!-- run by TEST -->")
    for name in named.group(1).split():
        check(os.path.exists(os.path.join(harness.ROOT, name)),
              f"{block.where}: there is no {name}")


def try_page(page, folder, write):
    """Number of commands run."""
    count = 0
    shown = {}
    check_indented(page)
    os.mkdir(folder)
    for block in blocks_of(page):
        if block.title:
            path = os.path.join(folder, block.title)
            with open(path, "w", encoding="utf-8") as stream:
                stream.write("\n".join(block.lines) + "\n")
        elif block.language == "console":
            shown[block.start] = []
            for command, wanted in commands_of(block):
                found = run(command, folder, block)
                elided = any("..." in line for line in wanted)
                check(write or same_output(found, wanted),
                      f"{block.where}: {command} shows\n" + "\n".join(found)
                      + "\n---- and not\n" + "\n".join(wanted))
                shown[block.start] += ["$ " + command.replace("\n", "\n> ")]
                shown[block.start] += wanted if elided else found
                count += 1
        elif block.language in ("sh", "python", "bash"):
            check_blocks_elsewhere(block)
    if write:
        rewrite(page, shown)
    return count


def rewrite(page, shown):
    out, skip = [], False
    with open(page, encoding="utf-8") as stream:
        for number, line in enumerate(stream.read().split("\n"), 1):
            skip = skip and line != "```"
            if not skip:
                out.append(line)
            if number in shown:
                out += shown[number]
                skip = True
    with open(page, "w", encoding="utf-8") as stream:
        stream.write("\n".join(out))


def try_table(folder):
    """The commands of "Asked elsewhere, here" in README.md, one after another."""
    with open(os.path.join(harness.ROOT, "README.md"), encoding="utf-8") as stream:
        table = stream.read().partition("\n## Asked elsewhere, here\n")[2].partition("\n## ")[0]
    commands = re.findall(r"\| `([^`]*)`[^|]*\|$", table, re.MULTILINE)
    check(len(commands) > 15, f"README.md: {len(commands)} commands")
    os.mkdir(folder)
    with open(os.path.join(folder, "my.xyz"), "w", encoding="utf-8") as stream:
        stream.write("2\nLiH\nLi 0 0 0\nH 0 0 1.5949\n")
    block = Block(os.path.join(harness.ROOT, "README.md"), 0, "", "console", None)
    for command in commands:
        check(run(command, folder, block) or " > " in command or "--fcidump" in command,
              f"README.md: {command} shows nothing")
    return len(commands)


def check_comparison():
    """What is compared can differ."""
    check(same_text(["a -7.882401 in 3 s", "b", "c", "d"], ["a -7.88240 in ... s", "...", "d"]),
          "digits")
    check(not same_text(["a -7.8826"], ["a -7.8824"]), "other digits")
    check(not same_text(["a", "b"], ["a"]) and not same_text([], ["a"]), "lines")
    check(same_output(["energy  seconds", "-7.8824 9.31"], ["energy seconds", "-7.8824 0.01"]),
          "times")
    check(same_text(["LiH 9 -7.88240341"], ["LiH 7 -7.88240271"]) and
          not same_text(["LiH 9 -7.88240341"], ["LiH 7 -7.8825"]), "energies")
    check(same_text(["111 times"], ["100 times"]) and not same_text(["2"], ["1"]), "counts")


def main():
    words = [word for word in sys.argv[1:] if word != harness.BATCH and word != "--write"]
    words = [word for word in words if os.path.abspath(word) != harness.BATCH]
    pages = [os.path.abspath(word) for word in words] or [
        page for page in sorted(glob.glob(f"{harness.ROOT}/doc/**/*.md", recursive=True))
        if "/reference/" not in page]
    check_comparison()
    write = "--write" in sys.argv
    # programs wait for the disk more than they compute
    with harness.Folder() as folder, ThreadPoolExecutor(3) as pool:
        tried = [pool.submit(try_page, page, folder.file(str(number)), write)
                 for number, page in enumerate(pages)]
        if not words:
            tried.append(pool.submit(try_table, folder.file("table")))
        count = sum(one.result() for one in tried)
    print(f"{count} commands of {len(pages)} pages")


main()
