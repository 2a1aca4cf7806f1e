"""Checks that hold file by file: sizes, include guards, sources that no CMakeLists.txt names, paths of one machine."""
import os
import re

from source_tree import FOLDERS, files_under

LONGEST_FILE, LONGEST_TEST = 350, 400
_MEASURED = (".cc", ".h", ".py", ".cmake", ".sh", "CMakeLists.txt")
_GENERATED = re.compile(r"_pb2(_grpc)?\.py$")
_TEXTS = _MEASURED + (".proto", ".txt", ".md", ".json", ".yaml", ".yml", ".textproto", ".toml", ".service")
# Homes and workplaces of somebody's machine; a path under /tmp made by a test is its own affair.
_MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(?:home/\w+|root|Users/\w+|w[o]rk|f[a]rm)/|/bash_[j]obs")


def project_texts(root):
    for file in files_under(root, FOLDERS + ("proto", "cmake", "scripts", "deploy", ".ci")):
        yield file
    for name in sorted(os.listdir(root)):
        if os.path.isfile(os.path.join(root, name)) and not name.startswith(".git"):
            yield name


def _is_script(file):
    return os.path.dirname(file) in ("scripts", ".ci") and "." not in os.path.basename(file)


def check_files(tree):
    for file in project_texts(tree.root):
        if not (file.endswith(_TEXTS) or _is_script(file)) or _GENERATED.search(file):
            continue
        lines = tree.text(file).splitlines()
        if file.endswith(_MEASURED) or _is_script(file):
            yield from _check_size(file, len(lines))
        for number, line in enumerate(lines, 1):
            if _MACHINE_PATH.search(line):
                yield f"{file}:{number}: a path of one machine: {line.strip()}"
    for file in tree.sources:
        # Highway's headers are read once for each instruction set, and guard themselves by its toggle.
        if file.endswith(".h") and not file.endswith("-inl.h") and not re.search(r"^#pragma once$", tree.text(file), re.MULTILINE):
            yield f"{file}: no `#pragma once`"
    yield from _check_named(tree)


def _check_size(file, lines):
    most = LONGEST_TEST if file.startswith("tests/") else LONGEST_FILE
    if lines > most:
        yield f"{file}: {lines} lines, at most {most}; split it by purpose"


def _check_named(tree):
    """Every source is named in some CMakeLists.txt: else nothing builds or runs it."""
    named = set()
    for listing in files_under(tree.root, FOLDERS):
        if os.path.basename(listing) == "CMakeLists.txt":
            for word in re.split(r'[\s()"]+', re.sub(r"#.*", "", tree.text(listing))):
                from_root = word.removeprefix("${PROJECT_SOURCE_DIR}/")
                word = from_root if from_root != word else f"{os.path.dirname(listing)}/{word}"
                named.add(os.path.normpath(word))
    for file in tree.sources:
        if file.endswith(".cc") and file not in named:
            yield f"{file}: no CMakeLists.txt names it, so nothing builds it"
