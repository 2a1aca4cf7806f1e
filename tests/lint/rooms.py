"""Reads rooms.txt: the rooms, their grants, and the places where LibTorch and gRPC may be seen."""
from fnmatch import fnmatchcase

PLACES = ("@torch", "@torch_free", "@no_rpc")


def _holds(place, path):
    return path == place or path.startswith(place + "/")


class Rooms:
    def __init__(self, text):
        self.grants = {}  # room -> [grant], in the file's order
        self.places = {name: [] for name in PLACES}
        self.errors = []
        for number, line in enumerate(text.splitlines(), 1):
            self._parse(number, line.split("#")[0].strip())
        self._check_order()

    def _parse(self, number, line):
        if not line:
            return
        if line.startswith("@"):
            name, *patterns = line.split()
            if name not in PLACES:
                self.errors.append(f"rooms.txt:{number}: unknown place {name}; known are {', '.join(PLACES)}")
            else:
                self.places[name] += patterns
            return
        room, colon, grants = line.partition(":")
        if not colon or room in self.grants:
            self.errors.append(f"rooms.txt:{number}: not a new `room: grants` line: {line}")
            return
        self.grants[room] = grants.split()

    def _check_order(self):
        """A grant must name a room above (or the folder of one): so the arrows cannot form a ring."""
        above = []
        for room, grants in self.grants.items():
            for grant in grants:
                if not any(_holds(other, grant) or _holds(grant, other) for other in above):
                    self.errors.append(f"rooms.txt: {room} is granted {grant}, which no line above it names")
            above.append(room)

    def room_of(self, path):
        holding = [room for room in self.grants if _holds(room, path)]
        return max(holding, key=len) if holding else None

    def may_include(self, source, target):
        room = self.room_of(source)
        if room == "tests/core":
            return self._test_may_include(source, target)
        return room == self.room_of(target) or any(_holds(grant, target) for grant in self.grants[room])

    def _test_may_include(self, source, target):
        if any(_holds(place, target) for place in ("tests/support", "tests/fakes")):
            return True
        tested = source.removeprefix("tests/")                # core/audio/x_test.cc
        reachable, waiting = set(), [self.room_of(tested)]
        while waiting:
            room = waiting.pop()
            if room and room not in reachable:
                reachable.add(room)
                waiting += [self.room_of(grant) for grant in self.grants[room]]
        return self.room_of(target.removeprefix("tests/")) in reachable  # the room, or its tests' own headers

    def in_place(self, name, path):
        return any(fnmatchcase(path, pattern) for pattern in self.places[name])

    def may_see_torch(self, path):
        return self.in_place("@torch", path) and not self.in_place("@torch_free", path)
