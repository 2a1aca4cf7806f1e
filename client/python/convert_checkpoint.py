#!/usr/bin/env python3
"""Turns a PyTorch checkpoint (.pt, .pth, .ckpt) into safetensors, for `timbre model import`.

convert_checkpoint.py IN OUT.safetensors

Needs nothing but Python: neither PyTorch nor its pickles' code is run. The file's pickle is read by a reader that
knows tensors, dicts, lists and numbers; objects of any other class (a Lightning file's hyper-parameters, say)
become placeholders that are left out. Files of PyTorch before 1.6, which are no zip archives, are read by PyTorch
itself where it is installed.

Of a Lightning checkpoint the entry `state_dict` is taken, else the dict of tensors that the file is. Names stay
as they are: the server knows the tutorial's, CLMR's and Lightning's. fp16, bf16 and fp64 become fp32.
"""
import array
import collections
import json
import math
import pathlib
import pickle
import struct
import sys
import zipfile

# PyTorch's storage classes: dtype and bytes per element.
STORAGES = {"FloatStorage": ("F32", 4), "DoubleStorage": ("F64", 8), "HalfStorage": ("F16", 2),
            "BFloat16Storage": ("BF16", 2), "LongStorage": ("I64", 8), "IntStorage": ("I32", 4),
            "ShortStorage": ("I16", 2), "CharStorage": ("I8", 1), "ByteStorage": ("U8", 1), "BoolStorage": ("BOOL", 1)}
FLOATS = ("F32", "F64", "F16", "BF16")
STATE_KEYS = ("state_dict", "model_state_dict")
MAX_ELEMENTS = 1 << 28


class WrongFile(Exception):
    """What is wrong with the file, for people."""


class Tensor:
    """Bytes, row-major, with their dtype and shape."""

    def __init__(self, dtype, shape, data):
        self.dtype, self.shape, self.data = dtype, list(shape), data


class Placeholder:
    """Stands for an object of a class that is not looked at."""

    def __init__(self, *_args, **_kwargs):
        pass

    def __setstate__(self, _state):
        pass

    def __call__(self, *_args, **_kwargs):
        return self

    def append(self, _item):
        pass

    def extend(self, _items):
        pass

    def __setitem__(self, _key, _value):
        pass


def rebuild_tensor(storage, offset, shape, stride, *_rest):
    """Cuts a tensor out of its storage; a view with strides of its own is gathered."""
    dtype, size, data = storage
    count = math.prod(shape)
    if min([offset, count, *stride]) < 0 or count > MAX_ELEMENTS:
        raise WrongFile(f"a tensor has the impossible shape {list(shape)}")
    last = offset + sum((n - 1) * s for n, s in zip(shape, stride)) if count else offset - 1
    if (last + 1) * size > len(data):
        raise WrongFile(f"a tensor of shape {list(shape)} reaches beyond its storage")
    expected = [math.prod(shape[i + 1:]) for i in range(len(shape))]
    if all(n == 1 or s == e for n, s, e in zip(shape, stride, expected)):
        return Tensor(dtype, shape, data[offset * size:(offset + count) * size])
    indices = [offset]
    for n, s in zip(shape, stride):
        indices = [i + k * s for i in indices for k in range(n)]
    return Tensor(dtype, shape, b"".join(data[i * size:(i + 1) * size] for i in indices))


def rebuild_parameter(tensor, *_rest):
    return tensor


class TensorUnpickler(pickle.Unpickler):
    """Reads the pickle of a zip archive; runs no code of the file."""

    def __init__(self, archive, root):
        super().__init__(archive.open(root + "data.pkl"))
        self.archive, self.root = archive, root

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if module == "torch._utils" and name in ("_rebuild_tensor_v2", "_rebuild_tensor"):
            return rebuild_tensor
        if module == "torch._utils" and name in ("_rebuild_parameter", "_rebuild_parameter_with_state"):
            return rebuild_parameter
        if module in ("torch", "torch.storage") and name in STORAGES:
            return name
        return type(name, (Placeholder,), {})

    def persistent_load(self, pid):
        if not (isinstance(pid, tuple) and len(pid) >= 3 and pid[0] == "storage" and pid[1] in STORAGES):
            raise WrongFile(f"a tensor's storage is of an unknown kind: {pid!r:.100}")
        dtype, size = STORAGES[pid[1]]
        return dtype, size, self.archive.read(f"{self.root}data/{pid[2]}")


def read_zip(path):
    with zipfile.ZipFile(path) as archive:
        pickles = [name for name in archive.namelist() if name.endswith("/data.pkl") and name.count("/") == 1]
        if len(pickles) != 1:
            raise WrongFile("a zip archive, but not one of torch.save's; unpack it first if it holds the checkpoint")
        root = pickles[0][:-len("data.pkl")]
        if root + "byteorder" in archive.namelist() and archive.read(root + "byteorder") != b"little":
            raise WrongFile("the tensors are big endian")
        return TensorUnpickler(archive, root).load()


def read_by_torch(path):
    """Files of PyTorch before 1.6."""
    try:
        import torch
    except ImportError:
        raise WrongFile("no zip archive, so it is of PyTorch before 1.6 (or no checkpoint): install PyTorch, which "
                        "reads such files, and try again") from None
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except TypeError:
        raise WrongFile("this PyTorch is older than 1.13 and would run the file's code; install a newer one") from None
    except Exception as error:  # torch.load raises whatever the pickle makes it raise
        raise WrongFile(f"PyTorch cannot read it: {error}") from error

    def convert(value):
        if isinstance(value, dict):
            return {key: convert(item) for key, item in value.items()}
        if not isinstance(value, torch.Tensor):
            return value
        value = value.detach().cpu().contiguous()
        if value.dtype == torch.int64:
            return Tensor("I64", value.shape, array.array("q", value.flatten().tolist()).tobytes())
        dtype = "F32" if value.is_floating_point() else str(value.dtype)
        return Tensor(dtype, value.shape, array.array("f", value.flatten().tolist()).tobytes())

    return convert(loaded)


def to_fp32(tensor):
    if tensor.dtype == "F64":
        values = array.array("d", tensor.data)
        if any(abs(v) > 3.4028235e38 and math.isfinite(v) for v in values):
            raise WrongFile("an fp64 value is beyond fp32")
        data = array.array("f", values).tobytes()
    elif tensor.dtype == "F16":
        count = len(tensor.data) // 2
        data = struct.pack(f"<{count}f", *struct.unpack(f"<{count}e", tensor.data))
    else:  # bf16: the upper half of fp32
        data = array.array("I", (x << 16 for x in array.array("H", tensor.data))).tobytes()
    return Tensor("F32", tensor.shape, data)


def pick_state(loaded):
    """The dict of tensors in what the file holds, and what was done to it."""
    for key in STATE_KEYS:
        if isinstance(loaded, dict) and isinstance(loaded.get(key), dict):
            loaded = loaded[key]
            break
    if not isinstance(loaded, dict):
        raise WrongFile(f"it holds no dict of tensors but one {type(loaded).__name__}")
    state, notes = {}, []
    for key, value in loaded.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            notes.append(f"left out, as it is no tensor: {key}")
        elif value.dtype in FLOATS:
            if value.dtype != "F32":
                notes.append(f"{key} was {value.dtype} and is now F32")
            state[key] = value if value.dtype == "F32" else to_fp32(value)
        elif value.dtype == "I64" and key.endswith("num_batches_tracked"):
            state[key] = value
        else:
            notes.append(f"left out, as it is {value.dtype} and no weight: {key}")
    if not any(value.dtype == "F32" for value in state.values()):
        raise WrongFile("it holds no tensors; a checkpoint has them at its top or under state_dict")
    return state, notes


def write_safetensors(path, state):
    """8 bytes of header length, the JSON header, the data; github.com/huggingface/safetensors."""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    names = sorted(state, key=lambda name: (state[name].dtype != "I64", name))  # 8-byte elements first, aligned
    for name in names:
        tensor = state[name]
        end = offset + len(tensor.data)
        header[name] = {"dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in names:
            file.write(state[name].data)
    part.replace(path)


def convert(source, target):
    """Converts a file and returns the number of tensors and the notes."""
    try:
        loaded = read_zip(source) if zipfile.is_zipfile(source) else read_by_torch(source)
    except (pickle.UnpicklingError, zipfile.BadZipFile, EOFError, KeyError, IndexError, AttributeError, TypeError,
            ValueError) as error:
        raise WrongFile(f"it is damaged: {error}") from error
    state, notes = pick_state(loaded)
    write_safetensors(target, state)
    return len(state), notes


def main(arguments):
    if len(arguments) != 2:
        print("usage: convert_checkpoint.py IN OUT.safetensors", file=sys.stderr)
        return 2
    source, target = map(pathlib.Path, arguments)
    try:
        count, notes = convert(source, target)
    except (WrongFile, OSError) as error:
        print(f"convert_checkpoint: {source}: {error}", file=sys.stderr)
        return 1
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    print(f"{target}: {count} tensors")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
