#!/usr/bin/env python3
"""Writes the first files of tests/fuzz/corpus: small valid inputs of each target, from which a fuzzer sets out.
Files that a fuzzer found lie beside them under their hashes and are left alone.
Usage: make_corpus.py    (wants protoc, and libsndfile through ctypes)"""
import array
import ctypes
import json
import math
import pathlib
import struct
import subprocess

TESTS = pathlib.Path(__file__).resolve().parent
CORPUS = TESTS / "corpus"
PROTO = TESTS.parents[1] / "proto"
# Subtypes and containers of sndfile.h.
FORMATS = {"wav16": 0x010002, "wav_float": 0x010006, "wav_ulaw": 0x010010, "aiff": 0x020002, "au": 0x030002,
           "caf": 0x180002, "flac": 0x170002, "vorbis": 0x200060, "opus": 0x200064, "mp3": 0x230082}


class SfInfo(ctypes.Structure):
    _fields_ = [("frames", ctypes.c_int64), ("samplerate", ctypes.c_int), ("channels", ctypes.c_int),
                ("format", ctypes.c_int), ("sections", ctypes.c_int), ("seekable", ctypes.c_int)]


def encode(kind, seconds=0.12, rate_hz=16000, channels=1):
    """A sine in one of FORMATS."""
    sndfile = ctypes.CDLL("libsndfile.so.1")
    sndfile.sf_open.restype = ctypes.c_void_p
    path = CORPUS / "encoding"
    info = SfInfo(0, rate_hz, channels, FORMATS[kind], 0, 0)
    file = sndfile.sf_open(str(path).encode(), 0x20, ctypes.byref(info))
    frames = int(seconds * rate_hz)
    samples = array.array("f", (0.5 * math.sin(440 * 2 * math.pi * i / rate_hz) for i in range(frames) for _ in range(channels)))
    buffer = (ctypes.c_float * len(samples)).from_buffer(samples)
    sndfile.sf_writef_float(ctypes.c_void_p(file), buffer, ctypes.c_int64(frames))
    sndfile.sf_close(ctypes.c_void_p(file))
    data = path.read_bytes()
    path.unlink()
    return data


def message(kind, text):
    """The bytes of a message given as text."""
    files = [f"timbre/v1/{name}_service.proto" for name in ("inference", "job", "dataset", "model", "admin")]
    return subprocess.run(["protoc", f"-I{PROTO}", f"--encode=timbre.v1.{kind}", *files], input=text.encode(),
                          stdout=subprocess.PIPE, check=True).stdout


def put(target, name, data):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"seed-{name}").write_bytes(data)


def sine16(samples):
    return struct.pack(f"<{samples}h", *(int(9000 * math.sin(i / 9)) for i in range(samples)))


def safetensors(tensors):
    header, data = {}, b""
    for name, (shape, values) in sorted(tensors.items()):
        packed = struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(packed)]}
        data += packed
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def audio():
    for kind in FORMATS:
        rate = 48000 if kind == "opus" else 16000
        data = encode(kind, rate_hz=rate)
        put("audio_decoder", kind, data)
        if len(data) < 8000:
            chunks = b"".join(bytes([250, 0]) + data[i:i + 250] for i in range(0, len(data), 250))
            put("chunk_decoder", kind, bytes([0]) + chunks)
    put("audio_decoder", "wav_stereo", encode("wav16", channels=2))
    samples = sine16(3000)
    for name, head in {"int16": [1, 0, 1], "float": [2, 1, 1], "stereo": [3, 2, 2]}.items():
        put("chunk_decoder", f"pcm_{name}", bytes(head) + b"".join(bytes([200, 0]) + samples[i:i + 200] for i in range(0, 6000, 200)))
    for name, head in {"int16": struct.pack("<BBI", 0, 1, 22050), "float": struct.pack("<BBI", 1, 1, 8000),
                       "six": struct.pack("<BBI", 0, 6, 96000)}.items():
        put("pcm_windows", name, head + samples)


def files():
    put("annotations", "plain", b"path,rock,calm\na.wav,1,0\nb/c.mp3,0,1\n")
    put("annotations", "tracks", b"\xef\xbb\xbfpath,\"ro\"\"ck\",track_id\r\n\"a,b.wav\",1,t1\r\n\r\nc.wav,0,t1\r\n")
    put("annotations", "ragged", b"path,rock\na.wav,1,0\n./a.wav,2\n")
    put("safetensors", "head", bytes([1, 3]) + safetensors({"weight": ([2, 4], [0.5] * 8), "bias": ([2], [0, 1])}))
    put("safetensors", "layers", bytes([1, 3]) + safetensors({"layer.0.weight": ([3, 4], [0.5] * 12), "layer.0.bias": ([3], [0] * 3),
        "layer.1.weight": ([2, 3], [1] * 6), "layer.1.bias": ([2], [0, 1]), "threshold": ([2], [0.5, 0.2]), "l2_normalize": ([1], [1])}))
    put("safetensors", "scalar", bytes([0, 0]) + safetensors({"x": ([], [1]), "0.weight": ([2, 2], [1] * 4), "2.weight": ([1, 2], [1] * 2)}))
    put("checkpoint", "keys", b"\1model.encoder.conv1.0.weight\nencoder.sequential.0.1.bias\nprojector.0.weight\nfc.weight\nwhat")
    for naming in range(3):
        put("checkpoint", f"whole_{naming}", bytes([0, naming, naming % 2, 1, 0]))
    put("checkpoint", "prefixed", bytes([0, 1, 0, 0, 13]) + b"module.model." + bytes([2, 3, 4, 9, 0]))
    card = {"format_version": 1, "architecture": "sample_cnn", "embedding_layer": "encoder", "embedding_dim": 512,
            "weights_digest": "0" * 64, "create_time": "2024-01-01T00:00:00Z", "pooling": "mean", "normalization": "none",
            "seed": 1, "steps": 10, "preprocessing": {"sample_rate_hz": 22050, "window_samples": 59049, "mixdown": "mean", "tail": "x"}}
    put("model_card", "plain", json.dumps(card).encode())
    put("model_card", "imported", json.dumps({**card, "origin": {"file_name": "a", "sha256": "0", "key_naming": "clmr", "notes": ["x"]}}).encode())
    put("model_card", "projector", json.dumps({**card, "embedding_layer": "projector.1", "projector_digest": "1"}).encode())
    choice = [{"algorithm": "winograd3", "tile": 81}, {"algorithm": "winograd6", "tile": 54}, {"algorithm": "direct", "tile": 27}]
    put("engine_plan", "plain", json.dumps({"cpu | AVX3 | fp32 | 2 threads | 27:16-16": choice}).encode())
    put("engine_plan", "numbers", json.dumps({"a": [1, 2, 3], "b": {"x": 1}, "c": [{"algorithm": 7, "tile": "x"}] * 3}).encode())
    put("engine_plan", "odd", json.dumps({"a": [{"algorithm": "winograd6", "tile": 81}] * 3, "b": choice[::-1]}).encode())
    put("snapshot", "title", b"timbre snapshot 2 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n")
    put("snapshot", "cut", b"timbre snapshot 2 e3b0c442")
    put("snapshot", "other", b"timbre snapshot 1 x\nPK")
    table = b"# tokens\nci infer,train 2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b\n"
    put("credentials", "known", struct.pack("<I", len(table)) + table + b"Bearer secret")
    put("credentials", "other", struct.pack("<I", 9) + b"ci admin Bearer x")
    put("credentials", "basic", struct.pack("<I", 0) + b"Basic c2VjcmV0")
    put("server_config", "secure", b"security { tokens_file: '/t' anonymous_roles: 'infer' tls { certificate_file: 'c' private_key_file: 'k' } } "
        b"quota { each_client { jobs: 2 } clients { client: 'a' windows_per_second: 2.5 } }")
    put("server_config", "plain", b"listen_address: '127.0.0.1:0' state_dir: '/s' device: 'cpu' inference { precision: 'bf16' max_batch_wait_ms: 2 }")
    put("server_config", "limits", b"limits { max_audio_seconds: 3.5 max_channels: 2 max_expansion: 10 max_upload_bytes: 5 } log_format: 'json'")
    put("server_config", "wrong", b"listen_adress: 'x'\nmetrics_address: 'off' limits { max_audio_seconds: nan }")


PCM = 'pcm { format { sample_format: SAMPLE_FORMAT_INT16 sample_rate_hz: 22050 channel_count: 1 } samples: "%s" }' % ("\\001\\002" * 2300)
CHAIN = """augmentation { effects { probability: 0.8 polarity_inversion {} } effects { noise { min_ratio: 0.01 max_ratio: 0.1 } }
 effects { gain { min_db: -6 max_db: 0 } } effects { delay {} } effects { reverb {} } effects { pitch_shift {} } }"""
TRAINING = """job { display_name: "a" ssl_training { dataset: "datasets/d" model: "models/n" training_config { seed: 3 steps: 10
 batch_tracks: 2 objective { nt_xent { temperature: 0.2 } } optimizer { adam {} learning_rate: 0.001 } } runtime_config { device: "cpu" } } }"""
PROBE = """request_id: "r" job { linear_probe { train_dataset: "datasets/d" test_dataset: "datasets/d"
 model_version: "models/m/versions/1" probe_config { seed: 1 } } }"""
# Method of calls_fuzz.cc -> a request.
CALLS = {
    0: ("EmbedRequest", "audio { %s } model: 'models/m@stable' include_windows: true" % PCM),
    1: ("TagRequest", "audio { %s } top_count: 1" % PCM), 4: ("GetInfoRequest", ""), 5: ("SubmitJobRequest", TRAINING),
    6: ("GetJobRequest", "name: 'jobs/x'"), 7: ("ListJobsRequest", "page_size: 2"), 8: ("WatchJobRequest", "name: 'jobs/x' after_sequence: 1"),
    9: ("PauseJobRequest", "name: 'jobs/x'"), 11: ("CancelJobRequest", "name: 'jobs/x'"), 12: ("DeleteJobRequest", "name: 'jobs/x'"),
    13: ("CreateDatasetRequest", "dataset_id: 'e' path: 'd' track_id_pattern: '([a-z]+)'"), 15: ("GetDatasetRequest", "name: 'datasets/d'"),
    16: ("ListDatasetsRequest", "page_size: 1"), 17: ("DeleteDatasetRequest", "name: 'datasets/e'"),
    18: ("PreviewAugmentationRequest", "audio { %s } %s seed: 4" % (PCM, CHAIN)), 19: ("ListModelsRequest", ""),
    20: ("GetModelRequest", "name: 'models/m'"), 21: ("SetLabelRequest", "model_version: 'models/m/versions/1' label: 'beta'"),
    22: ("DeriveVersionRequest", "model_version: 'models/m/versions/1' embedding_layer: 'projector.1'"),
    23: ("DeleteModelRequest", "name: 'models/none'"), 24: ("ExportModelRequest", "model_version: 'models/m/versions/1'"),
    26: ("SetLogLevelRequest", "level: 'off'"), 27: ("BackupRequest", "file_name: 'a.db'"),
}
STREAMS = {
    2: ("EmbedStreamRequest", ["config { model: 'models/m' format { pcm { sample_format: SAMPLE_FORMAT_INT16 sample_rate_hz: 22050 channel_count: 1 } } }",
                               "audio_chunk: '%s'" % ("\\001\\002" * 1200), "audio_chunk: '%s'" % ("\\003\\002" * 1200)]),
    3: ("TagStreamRequest", ["config { format { encoded {} } }", "audio_chunk: 'fLaC'"]),
    14: ("UploadDatasetRequest", ["start { dataset_id: 'u' }", "file { path: 'a/b.wav' }", "chunk: 'RIFF'", "end { file_count: 1 byte_count: 4 }"]),
    25: ("ImportModelRequest", ["start { model: 'models/i' file_name: 'x.safetensors' }", "chunk: '{}'",
                                "end { byte_count: 2 sha256: '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a' }"]),
}


def messages():
    for method, (kind, text) in CALLS.items():
        put("calls", f"{method:02}-{kind}", bytes([method, 0]) + message(kind, text))
    for method, (kind, texts) in STREAMS.items():
        parts = [message(kind, text) for text in texts]
        put("calls", f"{method:02}-{kind}", bytes([method, 2]) + b"".join(struct.pack("<H", len(part)) + part for part in parts))
    for first, (kind, text) in enumerate([CALLS[0], CALLS[1], CALLS[5], CALLS[18], ("EmbedStreamRequest", STREAMS[2][1][0])]):
        put("messages", kind, bytes([first]) + message(kind, text))
    put("messages", "probe", bytes([2]) + message("SubmitJobRequest", PROBE))
    put("calls", "05-probe", bytes([5, 3]) + message("SubmitJobRequest", PROBE))
    trace = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    put("calls", "04-trace", bytes([4, 0x80, len(trace)]) + trace + bytes([3]) + b"a=b" + bytes([4]) + b"id-1" + bytes([0, 0]))
    put("messages", "stored", bytes([5]) + b"models/m/versions/1")


if __name__ == "__main__":
    CORPUS.mkdir(exist_ok=True)
    audio()
    files()
    messages()
    print(f"{sum(1 for file in CORPUS.rglob('seed-*'))} files")
