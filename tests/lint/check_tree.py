#!/usr/bin/env python3
"""Fails on an include arrow that rooms.txt does not allow, and on the other breaches of house order (the checks
are listed in check_includes.py and check_files.py). Usage: check_tree.py ROOT"""
import pathlib
import sys

from check_files import check_files
from check_includes import check_includes, check_links
from rooms import Rooms
from source_tree import SourceTree


def faults_of(root, rooms_text):
    tree, rooms = SourceTree(root), Rooms(rooms_text)
    return [*check_includes(tree, rooms), *check_links(tree, rooms), *check_files(tree)], len(tree.sources)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: check_tree.py ROOT")
    rooms_text = pathlib.Path(__file__).with_name("rooms.txt").read_text()
    faults, sources = faults_of(sys.argv[1], rooms_text)
    for fault in faults:
        print(fault)
    print(f"lint: {sources} sources read, {len(faults)} faults")
    if not sources:
        sys.exit(f"check_tree: no sources under {sys.argv[1]}")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
