"""The tree that the checks read: its files, and who includes what."""
import os
import pathlib
import re

FOLDERS = ("core", "server", "client", "tests")
SOURCES = (".cc", ".h")
_INCLUDE = re.compile(r"^\s*#\s*include\s*(.*)$")
_TARGET = re.compile(r'^[<"]([^>"]+)[>"]')


def files_under(root, folders):
    """Paths relative to root, sorted, of all files but Python's leavings."""
    for folder in folders:
        for where, below, names in os.walk(pathlib.Path(root, folder)):
            below[:] = sorted(name for name in below if name != "__pycache__" and not name.startswith("."))
            for name in sorted(names):
                yield pathlib.Path(where, name).relative_to(root).as_posix()


class Include:
    """One #include: `target` as written; `file` is the project's file that it names, or None."""

    def __init__(self, line, target, file, from_root):
        self.line, self.target, self.file, self.from_root = line, target, file, from_root


class SourceTree:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.sources = [f for f in files_under(root, FOLDERS) if f.endswith(SOURCES)]
        self._known = set(self.sources)
        self.unreadable = []  # (file, line, text) of includes that name no file
        self.includes = {source: list(self._read(source)) for source in self.sources}
        self._reached = {}

    def text(self, file):
        return (self.root / file).read_text(encoding="utf-8", errors="replace")

    def _read(self, source):
        for number, line in enumerate(self.text(source).splitlines(), 1):
            found = _INCLUDE.match(line)
            if not found:
                continue
            target = _TARGET.match(found.group(1))
            if not target:
                self.unreadable.append((source, number, line.strip()))
                continue
            yield self._resolve(source, number, target.group(1))

    def _resolve(self, source, number, target):
        beside = os.path.normpath(os.path.join(os.path.dirname(source), target)).replace(os.sep, "/")
        if target in self._known:
            return Include(number, target, target, True)
        if beside in self._known:
            return Include(number, target, beside, False)
        return Include(number, target, None, True)

    def chain_to(self, file, wanted):
        """The includes that lead from `file` to a target for which wanted(target) holds, or None."""
        key = (file, wanted)
        if key not in self._reached:
            self._reached[key] = None  # a cycle finds nothing new
            for include in self.includes[file]:
                if include.file is None:
                    tail = [include.target] if wanted(include.target) else None
                else:
                    tail = self.chain_to(include.file, wanted)
                    tail = [include.file] + tail if tail else None
                if tail:
                    self._reached[key] = tail
                    break
        return self._reached[key]
