#!/usr/bin/env python3
"""convert_checkpoint.py on what PyTorch wrote (tests/golden/checkpoints) and on damaged files. Needs no PyTorch."""
import importlib.util
import json
import pathlib
import pickle
import struct
import sys
import tempfile
import unittest
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "golden" / "checkpoints"
sys.path.insert(0, str(ROOT / "client" / "python"))
import convert_checkpoint  # noqa: E402

HAS_TORCH = importlib.util.find_spec("torch") is not None


def read_safetensors(path):
    """name -> [dtype, shape, values]."""
    content = path.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8:8 + length])
    data, end, tensors = content[8 + length:], 0, {}
    header.pop("__metadata__")
    for name, entry in header.items():
        begin, stop = entry["data_offsets"]
        assert begin == end, "gaps"
        end = stop
        letter, size = {"F32": ("f", 4), "I64": ("q", 8)}[entry["dtype"]]
        values = struct.unpack(f"<{(stop - begin) // size}{letter}", data[begin:stop])
        tensors[name] = [entry["dtype"], entry["shape"], list(values)]
    assert end == len(data), "trailing bytes"
    return tensors


class Bomb:
    """Would run code in whoever unpickles it."""

    def __reduce__(self):
        return (exec, ("raise SystemExit('the file ran code')",))


class ConvertCheckpointTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.out = pathlib.Path(self.folder.name) / "out.safetensors"

    def archive(self, pickled, **entries):
        path = self.out.with_name("in.pt")
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", pickled)
            for name, content in entries.items():
                archive.writestr(f"archive/{name}", content)
        return path

    def expect_wrong(self, path, text):
        with self.assertRaisesRegex(convert_checkpoint.WrongFile, text):
            convert_checkpoint.convert(path, self.out)
        self.assertFalse(self.out.exists())

    def check(self, name):
        convert_checkpoint.convert(FIXTURES / name, self.out)
        wanted = json.loads((FIXTURES / "expected.json").read_text())[name]
        found = read_safetensors(self.out)
        self.assertEqual(sorted(found), sorted(wanted))
        for key, (dtype, shape, values) in wanted.items():
            self.assertEqual(found[key][:2], [dtype, shape], key)
            rounded = [struct.unpack("f", struct.pack("f", v))[0] for v in values]
            self.assertEqual(found[key][2], rounded, key)

    def test_each_style_comes_out_with_its_names_shapes_and_bits(self):
        for name in ("notebook_lightning.pt", "notebook_biases.pt", "clmr_plain.pt", "clmr_lightning.pt"):
            with self.subTest(name):
                self.check(name)

    def test_views_are_gathered_and_odd_shapes_kept(self):
        self.check("views.pt")

    def test_other_floats_become_fp32_with_a_note(self):
        self.check("numbers.pt")
        notes = convert_checkpoint.convert(FIXTURES / "numbers.pt", self.out)[1]
        self.assertEqual(len(notes), 3)
        self.assertIn("brain was BF16 and is now F32", notes)

    @unittest.skipUnless(HAS_TORCH, "files of PyTorch before 1.6 need PyTorch, which is not installed")
    def test_a_file_of_old_pytorch_is_read_by_pytorch(self):
        self.check("legacy.pt")

    @unittest.skipIf(HAS_TORCH, "PyTorch is installed")
    def test_a_file_of_old_pytorch_says_that_it_needs_pytorch(self):
        self.expect_wrong(FIXTURES / "legacy.pt", "before 1.6.*install PyTorch")

    def test_a_file_cannot_run_code(self):
        convert_checkpoint.convert(FIXTURES / "clmr_plain.pt", self.out)
        self.out.unlink()
        self.expect_wrong(self.archive(pickle.dumps({"bomb": Bomb()}, protocol=2)), "no tensors")

    def test_damaged_files_say_so_and_leave_nothing(self):
        whole = (FIXTURES / "clmr_plain.pt").read_bytes()
        path = self.out.with_name("cut.pt")
        path.write_bytes(whole[:len(whole) // 2])
        self.expect_wrong(path, "before 1.6|PyTorch cannot")
        self.expect_wrong(self.archive(b"\x80\x02}"), "damaged")
        self.expect_wrong(self.archive(b""), "damaged")
        self.expect_wrong(FIXTURES / "list.pt", "no dict of tensors but one list")
        other = self.out.with_name("other.zip")
        with zipfile.ZipFile(other, "w") as archive:
            archive.writestr("checkpoint.ckpt", "x")
        self.expect_wrong(other, "unpack it first")

    def test_a_tensor_beyond_its_storage_is_refused(self):
        # torch._utils._rebuild_tensor_v2(('storage', FloatStorage, '0', 'cpu', 2), offset, shape, stride)
        def pickled(shape, stride):
            return (b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storage"
                    b"ctorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x02tQK\x00" + shape + stride + b"tRs.")

        one, stride = b"K\x02\x85", b"K\x01\x85"
        convert_checkpoint.convert(self.archive(pickled(one, stride), **{"data/0": bytes(8)}), self.out)
        self.assertEqual(read_safetensors(self.out), {"w": ["F32", [2], [0.0, 0.0]]})
        self.out.unlink()
        self.expect_wrong(self.archive(pickled(b"K\x03\x85", stride), **{"data/0": bytes(8)}), "beyond its storage")
        self.expect_wrong(self.archive(pickled(b"J\xff\xff\xff\xff\x85", stride), **{"data/0": bytes(8)}), "impossible")
        self.expect_wrong(self.archive(pickled(b"J\xff\xff\xff\x7f\x85", b"K\x00\x85"), **{"data/0": bytes(8)}),
                          "impossible")


if __name__ == "__main__":
    unittest.main()
