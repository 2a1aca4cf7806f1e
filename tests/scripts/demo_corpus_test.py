"""The demo's labels must be true: what the MIDI says sounds in a clip, and a split that leaks nothing."""
import io
import itertools
import pathlib
import struct
import sys
import unittest

import mido

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import demo_corpus  # noqa: E402
import demo_music  # noqa: E402

TICKS_PER_SECOND = 960  # 480 a beat at 120 beats a minute
FLUTE, VIOLIN, PIANO = 73, 40, 0


def midi(*events):
    """A file of (seconds, message) in order of time."""
    file, track, now = mido.MidiFile(ticks_per_beat=480), mido.MidiTrack(), 0.0
    for seconds, message in events:
        track.append(message.copy(time=round((seconds - now) * TICKS_PER_SECOND)))
        now = seconds
    file.tracks.append(track)
    return file


def program(number, channel=0):
    return mido.Message("program_change", program=number, channel=channel)


def on(note, channel=0, velocity=90):
    return mido.Message("note_on", note=note, channel=channel, velocity=velocity)


def off(note, channel=0):
    return mido.Message("note_off", note=note, channel=channel)


def clip(composition, index, *tags):
    return demo_corpus.Clip(composition, index, 10.0 * index, 10.0, frozenset(tags))


class NotesTest(unittest.TestCase):
    def families(self, file):
        return [(round(n.begin, 2), round(n.end, 2), n.family) for n in demo_corpus.notes_of(file)]

    def test_a_note_has_the_family_of_the_program_at_its_begin(self):
        file = midi((0, program(FLUTE)), (1, on(60)), (2, program(VIOLIN)), (3, off(60)), (3, on(62)), (4, off(62)))
        self.assertEqual(self.families(file), [(1, 3, "pipe"), (3, 4, "strings")])

    def test_a_note_on_without_velocity_ends_the_note(self):
        file = midi((0, program(PIANO)), (0, on(60)), (2, on(60, velocity=0)), (9, on(61, velocity=0)))
        self.assertEqual(self.families(file), [(0, 2, "piano")])

    def test_channel_10_is_drums_whatever_its_program_and_a_hit_has_a_length(self):
        file = midi((0, program(FLUTE, 9)), (1, on(38, 9)), (1, off(38, 9)))
        self.assertEqual(self.families(file), [(1, 1.1, "drums")])

    def test_channels_keep_their_own_programs(self):
        file = midi((0, program(FLUTE, 1)), (0, program(VIOLIN, 2)), (0, on(60, 1)), (0, on(60, 2)), (1, off(60, 1)),
                    (2, off(60, 2)))
        self.assertEqual(self.families(file), [(0, 1, "pipe"), (0, 2, "strings")])


class ClipsTest(unittest.TestCase):
    def test_a_family_is_a_tag_only_of_the_clips_in_which_it_sounds(self):
        notes = [demo_corpus.Note(2, 24, "piano"), demo_corpus.Note(11.6, 14, "pipe")]
        clips = demo_corpus.clips_of("song", notes)
        self.assertEqual([sorted(c.tags) for c in clips], [["piano"], ["piano", "pipe"]])
        self.assertEqual([c.begin_seconds for c in clips], [2, 12])

    def test_a_tail_too_short_for_a_clip_is_left_out_and_a_longer_one_is_not(self):
        self.assertEqual(len(demo_corpus.clips_of("song", [demo_corpus.Note(0, 25.9, "piano")])), 2)
        self.assertEqual(len(demo_corpus.clips_of("song", [demo_corpus.Note(0, 26.1, "piano")])), 3)

    def test_a_moment_is_no_tag(self):
        notes = [demo_corpus.Note(0, 20, "piano"), demo_corpus.Note(9.8, 10.2, "pipe")]
        self.assertEqual([sorted(c.tags) for c in demo_corpus.clips_of("song", notes)], [["piano"], ["piano"]])


class BeginningTest(unittest.TestCase):
    def test_what_is_cut_off_is_not_there_and_the_rest_sounds_at_its_time_whatever_the_tempo(self):
        whole = midi((0, mido.MetaMessage("set_tempo", tempo=250_000)), (0, program(FLUTE)), (2, on(60)), (4, off(60)),
                     (6, program(PIANO)), (6, on(62)), (8, off(62)), (10, on(64)), (12, off(64)))
        cut = demo_corpus.beginning(whole, 3.5)
        # Twice as fast as `midi` counts.
        self.assertEqual([(round(n.begin, 2), round(n.end, 2), n.family) for n in demo_corpus.notes_of(cut)],
                         [(1, 2, "pipe"), (3, 3.5, "piano")])
        self.assertAlmostEqual(cut.length, 3.5, delta=0.01)


class MusicTest(unittest.TestCase):
    def test_the_lumps_of_a_wad_are_found_by_its_directory(self):
        lumps = [(b"D_E1M1\0\0", b"MThd-one"), (b"THINGS\0\0", b"monsters")]
        body, directory = b"", b""
        for name, lump in lumps:
            directory += struct.pack("<ii8s", 12 + len(body), len(lump), name)
            body += lump
        wad = struct.pack("<4sii", b"IWAD", len(lumps), 12 + len(body)) + body + directory
        self.assertEqual(list(demo_music.lumps_of(wad)), [("D_E1M1", b"MThd-one"), ("THINGS", b"monsters")])

    def test_no_composition_is_there_twice(self):
        phrases = {}
        for name, content in demo_music.compositions().items():
            file = mido.MidiFile(file=io.BytesIO(content))
            notes = [m.note for m in file if m.type == "note_on" and m.velocity > 0 and m.channel != demo_corpus.DRUM_CHANNEL]
            phrases[name] = {tuple(notes[i:i + 8]) for i in range(len(notes) - 7)}
        self.assertGreater(len(phrases), 100)
        for (one, of_one), (other, of_other) in itertools.combinations(phrases.items(), 2):
            self.assertLess(len(of_one & of_other), 0.1 * min(len(of_one), len(of_other)), f"{one} and {other}")


class SplitTest(unittest.TestCase):
    def setUp(self):
        self.clips = []
        for composition in range(90):
            for index in range(6):
                tags = ["drums"] + ["piano"] * (index % 2) + ["guitar"] * (composition == 0)
                self.clips.append(clip(f"song{composition:02}", index, *tags))

    def test_no_composition_is_on_both_sides_and_the_answer_is_always_the_same(self):
        train, test, tags = demo_corpus.split(self.clips)
        self.assertFalse(train & test)
        self.assertEqual(demo_corpus.split(self.clips), (train, test, tags))

    def test_only_tags_that_can_be_judged_are_kept(self):
        self.assertEqual(demo_corpus.split(self.clips)[2], ["piano"])


if __name__ == "__main__":
    unittest.main()
