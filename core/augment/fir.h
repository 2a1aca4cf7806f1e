#pragma once

#include <span>
#include <vector>

namespace timbre::augment {

// The taps of a low-pass: a windowed sinc as julius makes it (github.com/adefossez/julius, lowpass.py). With
// c = cutoff_hz / 22,050 there are 2h + 1 taps, h = int(8 / c / 2), 2c * hann[n] * sinc(2c n), normalised to
// sum 1: 8 zero crossings, zero delay, -6 dB at the cutoff. Requires 0 < cutoff_hz < 11,025.
std::vector<float> LowPassTaps(double cutoff_hz);

// Convolves with an odd number of symmetric taps, centred (no delay, same length); beyond its ends the window
// goes on with its first and its last sample. `out` [window.size()] may be the window itself. Few taps
// directly, many by FFT (overlap-save). The same bits for every vector width.
void ConvolveCentred(std::span<const float> window, std::span<const float> taps, std::span<float> out);

}  // namespace timbre::augment
