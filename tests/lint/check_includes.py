"""Checks every #include, and the links of every room in CMake, against rooms.txt."""
import re

TORCH = re.compile(r"^(torch|ATen|c10|caffe2)/")
RPC = re.compile(r"^(grpc|grpcpp|grpc\+\+|google/protobuf)/|\.pb\.h$")
_LINKED_ROOM = re.compile(r"\btimbre(?:::|_)([a-z]+)\b")


def is_torch(target):
    return TORCH.search(target) is not None


def is_rpc(target):
    return RPC.search(target) is not None


def check_includes(tree, rooms):
    yield from rooms.errors
    for file, line, text in tree.unreadable:
        yield f"{file}:{line}: cannot tell what `{text}` includes; name the header"
    for source in tree.sources:
        if rooms.room_of(source) is None:
            yield f"{source}: its folder has no line in tests/lint/rooms.txt"
            continue
        yield from _check_arrows(tree, rooms, source)
        yield from _check_reach(tree, rooms, source)


def _check_arrows(tree, rooms, source):
    for include in tree.includes[source]:
        if include.file is None:
            continue
        if not include.from_root:
            yield f"{source}:{include.line}: write \"{include.target}\" from the root: \"{include.file}\""
        if rooms.room_of(include.file) and not rooms.may_include(source, include.file):
            yield (f"{source}:{include.line}: {rooms.room_of(source)} may not include {include.file} "
                   "(tests/lint/rooms.txt has the allowed arrows)")


def _check_reach(tree, rooms, source):
    if not rooms.may_see_torch(source):
        chain = tree.chain_to(source, is_torch)
        if chain:
            yield f"{source}: must stay free of LibTorch, but includes {' -> '.join(chain)}"
    if rooms.in_place("@no_rpc", source):
        chain = tree.chain_to(source, is_rpc)
        if chain:
            yield f"{source}: must stay free of gRPC and protobuf, but includes {' -> '.join(chain)}"


def check_links(tree, rooms):
    """A room's CMakeLists.txt links no room that its headers could not include."""
    for room, grants in rooms.grants.items():
        listing = f"{room}/CMakeLists.txt"
        if not room.startswith("core/") or not (tree.root / listing).exists():
            continue
        text = re.sub(r"#.*", "", tree.text(listing))
        for linked in sorted({"core/" + name for name in _LINKED_ROOM.findall(text)} & set(rooms.grants)):
            if linked != room and not any(g == linked or g.startswith(linked + "/") for g in grants):
                yield f"{listing}: {room} may not link {linked} (tests/lint/rooms.txt has the allowed arrows)"
