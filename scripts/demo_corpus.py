#!/usr/bin/env python3
"""Makes the demo's labelled corpus of real music out of Debian packages.

The compositions of demo_music.py (MIDI) are rendered by fluidsynth with TimGM6mb, cut into clips of ten
seconds (of each the first two minutes) as MP3, Ogg and FLAC, and tagged with the General MIDI families whose
notes sound in each clip. The split goes by composition: no composition of the test part is in pretrain or train.

  OUT/{pretrain,train,test}/<composition>/<clip>.<mp3|ogg|flac>
  OUT/{train,test}/annotations.csv    path, track_id (the composition), then 0/1 per tag
  OUT/corpus.json                     what was made, in figures

A second run finds the corpus made and does nothing. Usage: demo_corpus.py OUT
"""
import collections
import csv
import hashlib
import io
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor

import demo_music
import mido

CLIP_SECONDS = 10.0
SHORTEST_CLIP_SECONDS = 6.0
MOST_CLIPS = 12  # of a composition
RENDER_WITHIN_SECONDS = 300
LABELLED_EACH = 2  # of the labelled parts every second clip: neighbours are much alike
RATE_HZ = 32_000
# A family is a tag of a clip if its notes last this long in it, added up; a drum hit, which MIDI gives no
# meaningful length, counts as HIT_SECONDS.
SOUNDS_SECONDS = 0.5
HIT_SECONDS = 0.1
FORMATS = ("mp3", "ogg", "flac")
DRUM_CHANNEL = 9
PEDAL, ALL_NOTES_OFF = 64, 123  # controls of MIDI
FAMILIES = (
    "piano", "chromatic_percussion", "organ", "guitar", "bass", "strings", "ensemble", "brass",
    "reed", "pipe", "synth_lead", "synth_pad", "synth_effects", "ethnic", "percussive", "sound_effects")
TAGS = FAMILIES + ("drums",)
TEST_COMPOSITIONS = 32
TRAIN_COMPOSITIONS = 48
SPLITS_TRIED = 300
PACKAGES = (*demo_music.PACKAGES, "timgm6mb-soundfont", "fluidsynth", "sox")

Note = collections.namedtuple("Note", "begin end family")  # seconds; family is one of TAGS
Clip = collections.namedtuple("Clip", "composition index begin_seconds seconds tags")


def notes_of(midi):
    """Every note of a mido.MidiFile, with the family of the program that its channel had when it began."""
    now, notes, program, sounding = 0.0, [], [0] * 16, {}

    def close(key):
        if key in sounding:
            begin, family = sounding.pop(key)
            notes.append(Note(begin, max(now, begin + HIT_SECONDS) if family == "drums" else now, family))

    for message in midi:
        now += message.time
        if message.type == "program_change":
            program[message.channel] = message.program
        elif message.type in ("note_on", "note_off"):
            key = (message.channel, message.note)
            close(key)
            if message.type == "note_on" and message.velocity > 0:
                drums = message.channel == DRUM_CHANNEL
                sounding[key] = (now, "drums" if drums else FAMILIES[program[message.channel] // 8])
    for key in list(sounding):
        close(key)
    return notes


def clips_of(composition, notes):
    """Cuts from the first note on; each clip carries the set of families that sound in it."""
    begin, end = min(n.begin for n in notes), max(n.end for n in notes)
    clips = []
    while len(clips) < MOST_CLIPS and end - begin >= SHORTEST_CLIP_SECONDS:
        clip_end = min(begin + CLIP_SECONDS, end)
        lasting = collections.Counter()
        for note in notes:
            lasting[note.family] += max(0.0, min(note.end, clip_end) - max(note.begin, begin))
        tags = frozenset(family for family, seconds in lasting.items() if seconds >= SOUNDS_SECONDS)
        clips.append(Clip(composition, len(clips), begin, clip_end - begin, tags))
        begin += CLIP_SECONDS
    return clips


def beginning(midi, seconds):
    """A mido.MidiFile of what sounds in the first seconds: fluidsynth renders all that it is given."""
    ticks_per_second, now, ticks = 960, 0.0, 0
    cut, track = mido.MidiFile(type=0, ticks_per_beat=480), mido.MidiTrack()  # 120 beats a minute, the default
    for message in midi:
        now += message.time
        if now > seconds:
            break
        if not message.is_meta:  # tempo is in the seconds already
            step = round(now * ticks_per_second) - ticks
            ticks += step
            track.append(message.copy(time=step))
    # Notes that go on sound until then, and end: fluidsynth renders for as long as one is held.
    rest = max(0, round(seconds * ticks_per_second) - ticks)
    for channel in range(16):
        for control in (PEDAL, ALL_NOTES_OFF):
            track.append(mido.Message("control_change", channel=channel, control=control, value=0, time=rest))
            rest = 0
    cut.tracks.append(track)
    return cut


def judgeable(tag, clips, compositions, fewest_clips, fewest_compositions):
    """Whether these compositions have enough clips with the tag and without it."""
    chosen = [c for c in clips if c.composition in compositions]
    having = [c for c in chosen if tag in c.tags]
    return (len(having) >= fewest_clips and len(chosen) - len(having) >= fewest_clips and
            len({c.composition for c in having}) >= fewest_compositions)


def split(clips):
    """Returns (train, test, tags): of many seeded splits the one in which most tags can be judged; of those the
    one that spends the fewest clips on the test."""
    clips_in = collections.Counter(c.composition for c in clips)
    names = sorted(clips_in)
    best, best_score = None, None
    for seed in range(SPLITS_TRIED):
        shuffled = random.Random(seed).sample(names, len(names))
        test = frozenset(shuffled[:TEST_COMPOSITIONS])
        train = frozenset(shuffled[TEST_COMPOSITIONS:TEST_COMPOSITIONS + TRAIN_COMPOSITIONS])
        tags = [t for t in TAGS if judgeable(t, clips, test, 6, 2) and judgeable(t, clips, train, 12, 3)]
        score = (len(tags), -sum(clips_in[name] for name in test))
        if best is None or score > best_score:
            best, best_score = (train, test, tags), score
    return best


def clip_path(clip):
    suffix = FORMATS[clip.index % len(FORMATS)]
    return f"{clip.composition}/{clip.composition}-{clip.index:02d}.{suffix}"


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=RENDER_WITHIN_SECONDS)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed ({done.returncode}): {done.stderr.strip()}")


def render(name, midi, soundfont, folder):
    """Renders one composition, cuts it into clips under `folder` and returns them."""
    parsed = mido.MidiFile(file=io.BytesIO(midi))
    clips = clips_of(name, notes_of(parsed))
    if not clips:
        return []
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        score, wave = pathlib.Path(scratch, "score.mid"), pathlib.Path(scratch, "sound.wav")
        beginning(parsed, clips[-1].begin_seconds + clips[-1].seconds).save(score)
        run("fluidsynth", "-ni", "-q", "-g", 0.4, "-r", RATE_HZ, "-T", "wav", "-F", wave, soundfont, score)
        for clip in clips:
            target = folder / clip_path(clip)
            target.parent.mkdir(parents=True, exist_ok=True)
            run("sox", "-D", wave, target, "trim", f"{clip.begin_seconds:.4f}", f"{clip.seconds:.4f}")
    return clips


def write_part(source, part, clips, tags):
    """Links the clips into OUT/<part>; with tags, writes their annotations."""
    for clip in clips:
        target = part / clip_path(clip)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(source / clip_path(clip), target)
    if tags:
        with open(part / "annotations.csv", "w", newline="", encoding="utf-8") as out:
            rows = csv.writer(out, lineterminator="\n")
            rows.writerow(["path", "track_id", *tags])
            for clip in clips:
                rows.writerow([clip_path(clip), clip.composition, *(int(t in clip.tags) for t in tags)])


def figures(clips, parts, tags, stamp):
    report = {"stamp": stamp, "clip_seconds": CLIP_SECONDS, "tags": tags, "parts": {}}
    for part, chosen in parts.items():
        report["parts"][part] = {
            "compositions": sorted({c.composition for c in chosen}), "clips": len(chosen),
            "audio_seconds": round(sum(c.seconds for c in chosen), 1)}
        if part != "pretrain":
            report["parts"][part]["clips_with_tag"] = {t: sum(t in c.tags for c in chosen) for t in tags}
    report["compositions"] = len({c.composition for c in clips})
    report["clips"] = len(clips)
    return report


def stamp_of():
    """Changes with these scripts and with the packages that the corpus is made of."""
    versions = subprocess.run(["dpkg-query", "-W", *PACKAGES], check=True, capture_output=True).stdout
    scripts = [pathlib.Path(file).read_bytes() for file in (__file__, demo_music.__file__)]
    return hashlib.sha256(b"".join(scripts) + versions).hexdigest()


def make(out, stamp):
    compositions = demo_music.compositions()
    soundfont = demo_music.files_of("timgm6mb-soundfont", ".sf2")[0]

    aside = out.with_name(out.name + ".making")
    shutil.rmtree(aside, ignore_errors=True)
    source = aside / "all"
    source.mkdir(parents=True)
    with ProcessPoolExecutor() as pool:
        count = len(compositions)
        rendered = pool.map(render, compositions, compositions.values(), [soundfont] * count, [source] * count)
        clips = [clip for of_one in rendered for clip in of_one]

    labelled = [c for c in clips if c.index % LABELLED_EACH == 0]
    train, test, tags = split(labelled)
    parts = {"pretrain": [c for c in clips if c.composition not in test],
             "train": [c for c in labelled if c.composition in train],
             "test": [c for c in labelled if c.composition in test]}
    for part, chosen in parts.items():
        write_part(source, aside / part, chosen, tags if part != "pretrain" else None)
    shutil.rmtree(source)
    report = figures(clips, parts, tags, stamp)
    (aside / "corpus.json").write_text(json.dumps(report, indent=1) + "\n")
    shutil.rmtree(out, ignore_errors=True)
    aside.rename(out)
    return report


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: demo_corpus.py OUT")
    out, stamp = pathlib.Path(sys.argv[1]), stamp_of()
    made = out / "corpus.json"
    report = json.loads(made.read_text()) if made.exists() else {}
    if report.get("stamp") != stamp:
        out.parent.mkdir(parents=True, exist_ok=True)
        report = make(out, stamp)
    for name, part in report["parts"].items():
        print(f"corpus: {name}: {part['clips']} clips of {len(part['compositions'])} compositions, "
              f"{part['audio_seconds'] / 60:.1f} min")
    print(f"corpus: tags: {', '.join(report['tags'])}")


if __name__ == "__main__":
    main()
