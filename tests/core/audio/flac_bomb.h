#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace timbre::testing {

// A valid FLAC stream, written by hand, that is as small as the format permits: `frames` frames (at most
// 2047) of 65,535 equal samples each, 16 bits, mono, 22,050 Hz. Encoders stop at 4096 samples a frame, so
// that theirs grows less.
class FlacBomb {
 public:
  static std::vector<std::byte> Make(uint32_t frames) {
    FlacBomb bomb;
    bomb.StreamInfo(uint64_t{frames} * kFrameSamples);
    for (uint32_t i = 0; i < frames; ++i) bomb.Frame(i);
    return bomb.bytes_;
  }

  static constexpr uint32_t kFrameSamples = 65535;

 private:
  void Put(uint64_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) bytes_.push_back(static_cast<std::byte>(value >> (8 * i)));
  }

  void StreamInfo(uint64_t samples) {
    Put(0x664C6143, 4);     // "fLaC"
    Put(0x80000022, 4);     // last block, STREAMINFO, 34 bytes
    Put(kFrameSamples, 2);  // smallest and largest block
    Put(kFrameSamples, 2);
    Put(0, 6);                                                     // smallest and largest frame: unknown
    Put(uint64_t{22050} << 44 | uint64_t{15} << 36 | samples, 8);  // rate, 1 channel, 16 bits, samples
    Put(0, 8);                                                     // MD5: unknown
    Put(0, 8);
  }

  void Frame(uint32_t number) {
    const size_t begin = bytes_.size();
    Put(0xFFF8, 2);  // sync, blocks of equal size
    Put(0x76, 1);    // block size follows in 16 bits, 22.05 kHz
    Put(0x08, 1);    // mono, 16 bits
    if (number < 0x80) {
      Put(number, 1);
    } else {
      Put(0xC080 | (number >> 6) << 8 | (number & 0x3F), 2);
    }
    Put(kFrameSamples - 1, 2);
    Put(Crc(begin, 8, 0x07), 1);
    Put(0x00, 1);    // a constant subframe
    Put(0x0100, 2);  // its sample
    Put(Crc(begin, 16, 0x8005), 2);
  }

  uint32_t Crc(size_t begin, int bits, uint32_t polynomial) const {
    uint32_t crc = 0;
    for (size_t i = begin; i < bytes_.size(); ++i) {
      crc ^= static_cast<uint32_t>(bytes_[i]) << (bits - 8);
      for (int bit = 0; bit < 8; ++bit) {
        const bool carry = (crc >> (bits - 1) & 1) != 0;
        crc = (crc << 1 ^ (carry ? polynomial : 0)) & ((1U << bits) - 1);
      }
    }
    return crc;
  }

  std::vector<std::byte> bytes_;
};

}  // namespace timbre::testing
