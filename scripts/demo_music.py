"""The free music that Debian packages as MIDI: where the demo's compositions come from.

  openttd-openmsx          the music set of OpenTTD, files
  planetblupi-music-midi   the music of Planet Blupi, files
  freedoom                 the music of Freedoom's two campaigns, lumps of its WAD files

A composition that is there twice is taken once.
"""
import pathlib
import struct
import subprocess
import sys

PACKAGES = ("openttd-openmsx", "planetblupi-music-midi", "freedoom")
MIDI_MAGIC = b"MThd"
# Campaign 1 plays the piece of its level 1-5 in 2-6 too; the files differ in their headers alone.
SAME_AS_ANOTHER = ("freedoom1-e2m6",)


def files_of(package, suffix):
    listed = subprocess.run(["dpkg", "-L", package], check=True, capture_output=True, text=True).stdout
    found = sorted(pathlib.Path(line) for line in listed.splitlines() if line.endswith(suffix))
    if not found:
        sys.exit(f"demo_music: package {package} holds no *{suffix}; run scripts/setup")
    return found


def lumps_of(wad):
    """(name, bytes) of each lump of a WAD file: a header (magic, count, place of the directory), then a
    directory of (place, size, name)."""
    _, count, directory = struct.unpack_from("<4sii", wad)
    for index in range(count):
        place, size, name = struct.unpack_from("<ii8s", wad, directory + 16 * index)
        yield name.split(b"\0")[0].decode("ascii"), wad[place:place + size]


def compositions():
    """Name -> the bytes of a MIDI file."""
    found = {path.stem: path.read_bytes() for path in files_of("openttd-openmsx", ".mid")}
    found |= {f"blupi-{path.stem}": path.read_bytes() for path in files_of("planetblupi-music-midi", ".mid")}
    for path in files_of("freedoom", ".wad"):
        found |= {f"{path.stem}-{name.removeprefix('D_').lower()}": lump for name, lump in lumps_of(path.read_bytes())
                  if lump.startswith(MIDI_MAGIC)}
    return {name: found[name] for name in sorted(found) if name not in SAME_AS_ANOTHER}
