#!/usr/bin/env python3
"""Every `timbre` command, as a user types it, and the Python example, against a real timbred on a free port.

command_line_test.py TIMBRED TIMBRE SOURCE_DIR
"""
import hashlib
import importlib.util
import json
import math
import os
import pathlib
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import wave

TIMBRED, TIMBRE, SOURCE = sys.argv[1:4]
RATE = 22050
CALL_SECONDS = 100


def write_wav(path, samples):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(struct.pack(f"<{len(samples)}h", *(int(32767 * max(-1, min(1, x))) for x in samples)))


def tone(hertz, seconds):
    return [0.4 * math.sin(2 * math.pi * hertz * i / RATE) for i in range(int(seconds * RATE))]


def noise(seed, seconds):
    source = random.Random(seed)
    return [source.gauss(0, 0.15) for _ in range(int(seconds * RATE))]


def write_corpus(folder, tracks):
    """Tracks that alternate between a tone and noise, with annotations."""
    rows = ["path,track_id,tone,noise"]
    for i in range(tracks):
        name = f"{folder.name}{i}.wav"
        write_wav(folder / name, tone(80 + 10 * i, 2.8) if i % 2 == 0 else noise(i, 2.8))
        rows.append(f"{name},{folder.name}-{i},{1 - i % 2},{i % 2}")
    (folder / "annotations.csv").write_text("\n".join(rows) + "\n")


class CommandLineTest(unittest.TestCase):
    """One server; the tests run in the order of their numbers, as a user would work."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.root = pathlib.Path(cls.folder.name)
        write_corpus(cls.root / "data" / "train", 6)
        write_corpus(cls.root / "data" / "test", 4)
        ready = cls.root / "ready"
        with open(cls.root / "log", "w", encoding="utf-8") as log:
            cls.server = subprocess.Popen(
                [TIMBRED, "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--device", "cpu",
                 "--state-dir", cls.root / "state", "--data-root", cls.root / "data", "--ready-file", ready],
                stdout=log, stderr=subprocess.STDOUT)
        until = time.monotonic() + 60
        while not ready.exists():
            if cls.server.poll() is not None or time.monotonic() > until:
                raise RuntimeError("timbred did not get ready: " + (cls.root / "log").read_text())
            time.sleep(0.02)
        cls.address = ready.read_text().strip()

    @classmethod
    def tearDownClass(cls):
        cls.server.send_signal(signal.SIGTERM)
        status = cls.server.wait(60)
        cls.folder.cleanup()
        if status != 0:
            raise RuntimeError(f"timbred ended with {status} after SIGTERM")

    def timbre(self, *words, code=0):
        done = subprocess.run([TIMBRE, "--server", self.address, *map(str, words)], capture_output=True, text=True,
                              timeout=CALL_SECONDS)
        self.assertEqual(done.returncode, code, f"timbre {words}: {done.stdout}{done.stderr}")
        return done

    def ask(self, *words, code=0):
        return json.loads(self.timbre(*words, "--json", code=code).stdout)

    def test_1_data_sets_are_made_of_folders_and_uploads(self):
        self.timbre("dataset", "create", "train", "--path", "train", "--wait")
        self.timbre("dataset", "upload", "test", self.root / "data" / "test", "--wait")
        self.assertIn("train", self.timbre("dataset", "list").stdout)
        shown = self.ask("dataset", "show", "test")
        self.assertEqual(int(shown["clip_count"]), 4)
        self.assertEqual(shown["tags"], ["tone", "noise"])
        self.assertIn("leaves the data root", self.timbre("dataset", "create", "x", "--path", "../state", code=1).stderr)
        self.timbre("dataset", "show", "nothing", code=3)

    def test_2_a_training_is_checked_submitted_and_watched(self):
        words = ("train", "--dataset", "train", "--model", "m", "--steps", "2", "--batch", "3")
        self.timbre(*words, "--dry-run")
        self.assertEqual(self.ask("jobs")["jobs"][0]["display_name"], "ingest test")
        self.assertIn("step", self.timbre(*words, "--watch").stdout)
        error = self.timbre("train", "--dataset", "train", "--model", "m", "--batch", "60", code=1).stderr
        self.assertIn("only 6 tracks", error)
        self.assertIn("steps", self.timbre("train", "--dataset", "train", "--model", "m", "--steps", "0", code=1).stderr)
        preset = self.timbre("train", "--dataset", "train", "--model", "m", "--preset", "tutorial", "--dry-run")
        self.assertIn("a batch takes 6 instead of the preset's 96", preset.stderr)
        self.assertIn("batch_tracks: 6", preset.stdout)
        self.timbre("train", "--dataset", "nothing", "--model", "m", code=3)
        self.timbre("train", "--dataset", "train", code=2)

    def test_3_a_long_training_is_paused_resumed_cancelled_and_deleted(self):
        job = self.ask("train", "--dataset", "train", "--model", "m", "--steps", "90000", "--batch", "2")["name"]
        self.timbre("pause", job)
        until = time.monotonic() + 60
        while self.ask("job", job)["state"] != "JOB_STATE_PAUSED":
            self.assertLess(time.monotonic(), until, "the job did not pause")
        self.timbre("resume", job)
        self.timbre("cancel", job)
        self.assertEqual(self.timbre("watch", job, code=5).returncode, 5)
        self.assertIn("CANCELLED", self.ask("job", job)["state"])
        self.timbre("cancel", job, code=1)
        self.timbre("delete", job)
        self.timbre("job", job, code=3)

    def test_4_a_probe_judges_and_attaches_a_tagger(self):
        words = ("probe", "--model-version", "m/1", "--train", "train", "--test", "test")
        out = self.timbre(*words, "--label-fractions", "0.5,1", "--watch").stdout
        for word in ("tone", "noise", "untrained", "log-mel", "nearest neighbours", "95 % INTERVAL", "LABELS"):
            self.assertIn(word, out)
        error = self.timbre(*words, "--head", "mlp", "--dropout", "0.2", "--optimizer", "lbfgs", code=1).stderr
        self.assertIn("mlp.dropout", error)

    def test_5_nothing_is_served_before_it_is_promoted(self):
        clip = self.root / "data" / "test" / "test0.wav"
        self.assertIn("promote", self.timbre("embed", clip, code=1).stderr)
        self.assertEqual(self.timbre("health").stdout, "SERVING\n")
        self.assertIn("no model", self.timbre("health", "--with-model", code=4).stderr)
        self.timbre("health", "--service", "timbre.v1.Nothing", code=3)
        self.timbre("promote", "m/9", code=3)
        self.timbre("promote", "m/1")
        self.assertEqual(self.ask("health", "--with-model"), {"serving": True})
        self.assertIn("stable", self.timbre("models").stdout)
        self.assertEqual(self.ask("info")["served_models"][0]["model"]["model_version"], "models/m/versions/1")

    def test_6_embed_and_tag_give_the_same_by_file_and_by_stream(self):
        clips = sorted((self.root / "data" / "test").glob("*.wav"))
        whole = self.ask("embed", *clips)["files"]
        streamed = self.ask("embed", *clips, "--stream")["files"]
        self.assertEqual(len(whole), 4)
        for a, b in zip(whole, streamed):
            first = a["response"]["embedding"]["values"]
            second = b["response"]["embedding"]["values"]
            self.assertLess(max(abs(x - y) for x, y in zip(first, second)), 1e-4)
        npy = self.root / "out.npy"
        self.timbre("embed", *clips, "--out", npy)
        content = npy.read_bytes()
        self.assertEqual(content[:6], b"\x93NUMPY")
        self.assertIn(b"(4, 512)", content[:128])
        self.assertEqual(len(content) % 64, 0)
        self.assertIn("tone", self.timbre("tag", clips[0], "--top", "2").stdout)
        self.assertEqual(len(self.ask("tag", clips[0], "--top", "1")["files"][0]["response"]["tags"]), 1)

    def test_65_bench_measures_what_a_server_takes(self):
        load = ("--warmup", "0.2", "--duration", "1")
        closed = self.ask("bench", "--concurrency", "2", *load)
        self.assertEqual(closed["windows_per_call"], 1)
        self.assertEqual(closed["summary"]["failed"], 0)
        self.assertGreater(closed["summary"]["answered"], 0)
        self.assertGreater(closed["summary"]["phases_ms"]["infer"]["p50"], 0)
        clips = sorted((self.root / "data" / "test").glob("*.wav"))
        self.assertIn("windows/s", self.timbre("bench", *clips, "--tag", "--rps", "4", *load).stdout)
        self.assertEqual(self.ask("bench", "--rps", "1", "--find-max", "--p99-ms", "0.001", "--duration", "0.5", "--warmup",
                                  "0", code=1)["find_max"]["max_rps"], 0)
        self.timbre("bench", self.root / "missing.wav", code=3)

    def test_7_bad_audio_is_said_to_be_bad(self):
        text = self.root / "song.mp3"
        text.write_text("This is no music.\n")
        self.assertIn("format", self.timbre("embed", text, code=1).stderr)
        self.timbre("embed", self.root / "missing.wav", code=3)

    def test_7_augment_writes_the_window_that_a_model_hears(self):
        clip = self.root / "data" / "test" / "test0.wav"
        out = self.root / "view.wav"
        chain = self.root / "chain.textproto"
        chain.write_text("effects { reverse {} }\neffects { pitch_shift { min_cents: 100 max_cents: 100 } }\n")
        answer = self.ask("augment", clip, out, "--config", chain, "--seed", "3")
        self.assertEqual(answer["applied_effects"], ["reverse", "pitch_shift"])
        view = out.read_bytes()
        self.assertEqual(view[:4], b"RIFF")
        self.assertGreater(len(view), 4 * 59049)
        self.timbre("augment", clip, out, "--config", chain, "--seed", "3")
        self.assertEqual(out.read_bytes(), view)
        self.timbre("augment", clip, out, "--config", chain, "--seed", "4")
        self.assertNotEqual(out.read_bytes(), view)
        self.assertIn("high_low_pass", self.timbre("augment", clip, out, "--preset", "tutorial").stdout)
        chain.write_text("effects { gain { min_db: 500 } }\n")
        error = self.timbre("augment", clip, out, "--config", chain, code=1).stderr
        self.assertIn("augmentation.effects[0]", error)
        self.assertIn("gain db", error)
        self.timbre("augment", clip, self.root / "no folder" / "view.wav", code=3)
        self.timbre("augment", self.root / "missing.wav", out, code=3)

    def test_8_the_python_example_embeds_and_tags(self):
        clip = self.root / "data" / "test" / "test1.wav"
        done = subprocess.run([f"{SOURCE}/client/python/run_example.sh", self.address, clip], capture_output=True,
                              text=True, timeout=400)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("embedding of 512 numbers", done.stdout)
        self.assertIn("noise", done.stdout)

    def test_85_a_model_goes_out_and_comes_back_in_every_format(self):
        space = self.ask("models")["models"][0]["versions"][0]["embedding_space_id"]
        for keys in ("timbre", "notebook", "clmr"):
            path = self.root / f"{keys}.safetensors"
            written = self.ask("model", "export", "m/1", path, "--format", keys)
            self.assertEqual(written["byte_count"], path.stat().st_size)
            version = self.ask("model", "import", path, "--model", "copy")
            self.assertEqual(version["embedding_space_id"], space)
            self.assertEqual(version["origin"]["sha256"], written["sha256"])
        self.assertIn("m-1.torchscript.pt", self.timbre("model", "export", "m/1", self.root, "--format",
                                                        "torchscript").stdout)
        self.assertIn("convert_checkpoint.py", self.timbre("model", "import", self.root / "m-1.torchscript.pt",
                                                           "--model", "copy", code=1).stderr)
        self.timbre("model", "export", "m/1", self.root, "--format", "onnx", code=2)
        self.assertIn("deleted", self.timbre("model", "delete", "copy/1").stdout)
        self.timbre("promote", "copy/2", "--label", "kept")
        self.timbre("model", "delete", "copy", code=1)
        self.timbre("model", "delete", "copy", "--force")

    def test_855_another_layer_is_served_by_another_version(self):
        derived = self.ask("model", "derive", "m/1", "--layer", "projector.1")
        self.assertEqual(derived["embedding_layer"], "projector.1")
        self.assertEqual(self.ask("model", "derive", "m/1", "--layer", "projector.1")["name"], derived["name"])
        clip = self.root / "data" / "test" / "test0.wav"
        answer = self.ask("embed", clip, "--model", derived["name"])["files"][0]["response"]
        self.assertEqual(answer["model"]["embedding_space_id"], derived["embedding_space_id"])
        self.assertEqual(len(answer["embedding"]["values"]), derived["embedding_dim"])
        self.assertIn("2 layers", self.timbre("model", "derive", "m/1", "--layer", "projector.9", code=1).stderr)
        self.timbre("model", "derive", "m/77", "--layer", "encoder", code=3)

    def test_856_a_report_of_a_probe_and_of_a_training_is_one_file(self):
        jobs = self.ask("jobs")["jobs"]
        for kind, words in (("linear_probe", ("tone", "untrained", "log-mel")), ("ssl_training", ("loss",))):
            job = next(job["name"] for job in jobs if kind in job and job["state"] == "JOB_STATE_SUCCEEDED")
            page = self.root / f"{kind}.html"
            self.timbre("report", job, "-o", page)
            text = page.read_text(encoding="utf-8")
            self.assertNotIn("src=\"http", text)
            for word in words:
                self.assertIn(word, text)
        self.timbre("report", "jobs/nothing", "-o", self.root / "no.html", code=3)
        self.assertFalse((self.root / "no.html").exists())

    @unittest.skipUnless(importlib.util.find_spec("torch"), "python3-torch is not installed")
    def test_86_the_networks_of_others_load_what_was_exported_and_answer_alike(self):
        clip, npy = self.root / "window.wav", self.root / "window.npy"
        write_wav(clip, noise(86, 3)[:59049])
        self.timbre("embed", clip, "--model", "m/1", "--out", npy)
        files = [self.root / name for name in ("notebook.safetensors", "clmr.safetensors", "m-1.torchscript.pt")]
        done = subprocess.run([sys.executable, f"{SOURCE}/tests/golden/checkpoints/check_exports.py", clip, npy, *files],
                              capture_output=True, text=True, timeout=200)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_88_a_token_is_made_with_the_line_by_which_a_server_knows_it(self):
        made = self.ask("token", "radio", "infer,train")
        client, roles, digest = made["line"].split()
        self.assertEqual((client, roles), ("radio", "infer,train"))
        self.assertEqual(digest, hashlib.sha256(made["token"].encode()).hexdigest())
        self.assertNotEqual(made["token"], self.ask("token", "radio", "infer")["token"])
        self.timbre("token", "radio", "sing", code=2)
        self.timbre("token", "two words", "infer", code=2)

    def test_87_an_operator_backs_up_and_sets_the_log_level(self):
        self.assertGreater(int(self.ask("admin", "backup", "monday.db")["size_bytes"]), 0)
        self.assertTrue((self.root / "state" / "backups" / "monday.db").exists())
        self.assertIn("already", self.timbre("admin", "backup", "monday.db", code=1).stderr)
        self.assertIn("no path", self.timbre("admin", "backup", "../monday.db", code=1).stderr)
        self.timbre("admin", "log-level", "warn")
        quiet = len((self.root / "log").read_text())
        self.timbre("info")
        self.assertEqual(len((self.root / "log").read_text()), quiet)
        self.timbre("admin", "log-level", "info")
        self.timbre("admin", "log-level", "loud", code=2)

    def test_885_the_log_finds_a_call_by_what_its_user_was_told(self):
        trace = "0af7651916cd43dd8448eb211c80319c"
        done = subprocess.run([TIMBRE, "--server", self.address, "job", "jobs/nothing"], capture_output=True, text=True,
                              env={**os.environ, "TRACEPARENT": f"00-{trace}-b7ad6b7169203331-01"}, timeout=CALL_SECONDS)
        self.assertEqual(done.returncode, 3)
        request = done.stderr.split("request id: ")[1].split()[0]
        line = next(line for line in (self.root / "log").read_text().splitlines() if f"request_id={request} " in line)
        self.assertIn("JobService/GetJob code=NOT_FOUND", line)
        self.assertIn(f"trace_id={trace} ", line)

    def test_95_drain_ends_the_server(self):
        self.assertIn("ends", self.timbre("admin", "drain").stdout)
        self.assertEqual(self.server.wait(60), 0)

    def test_9_an_unreachable_server_has_its_own_exit_code(self):
        done = subprocess.run([TIMBRE, "--server", "127.0.0.1:1", "info"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 4)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
