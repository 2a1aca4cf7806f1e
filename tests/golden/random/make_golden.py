#!/usr/bin/env python3
"""Prints the first numbers of base::Random for a few keys: SplitMix64 over the key, then xoshiro256**, written
from their papers' reference code. The output stands in tests/core/base/random_test.cc."""
MASK = (1 << 64) - 1


def rotate(x: int, k: int) -> int:
    return (x << k | x >> (64 - k)) & MASK


class SplitMix:
    def __init__(self, state: int):
        self.state = state & MASK

    def next(self) -> int:
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
        return z ^ z >> 31


def numbers(key: list[int], count: int) -> list[int]:
    mix = SplitMix(len(key))
    for part in key:
        mix.state = mix.next() ^ part
    s = [mix.next() for _ in range(4)]
    out = []
    for _ in range(count):
        out.append(rotate(s[1] * 5 & MASK, 7) * 9 & MASK)
        t = s[1] << 17 & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotate(s[3], 45)
    return out


for key in ([], [0], [1, 2, 3]):
    print(key, " ".join(f"{n:#018x}" for n in numbers(key, 4)))
