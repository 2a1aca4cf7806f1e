#pragma once

// Encoded audio for tests, made by libsndfile in memory.

#include <sndfile.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace timbre::testing {

struct AudioShape {
  int format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  int channels = 1;
  int sample_rate_hz = 22050;
};

namespace internal {

struct Buffer {
  std::vector<std::byte> bytes;
  sf_count_t position = 0;
};

inline Buffer& At(void* data) { return *static_cast<Buffer*>(data); }

inline SF_VIRTUAL_IO BufferIo() {
  SF_VIRTUAL_IO io{};
  io.get_filelen = [](void* data) { return static_cast<sf_count_t>(At(data).bytes.size()); };
  io.seek = [](sf_count_t offset, int whence, void* data) {
    Buffer& buffer = At(data);
    const auto size = static_cast<sf_count_t>(buffer.bytes.size());
    buffer.position = offset + (whence == SEEK_SET ? 0 : whence == SEEK_CUR ? buffer.position : size);
    return buffer.position;
  };
  io.read = [](void* out, sf_count_t count, void* data) {
    Buffer& buffer = At(data);
    const sf_count_t left = static_cast<sf_count_t>(buffer.bytes.size()) - buffer.position;
    count = std::clamp<sf_count_t>(left, 0, count);
    std::memcpy(out, buffer.bytes.data() + buffer.position, static_cast<size_t>(count));
    buffer.position += count;
    return count;
  };
  io.write = [](const void* in, sf_count_t count, void* data) {
    Buffer& buffer = At(data);
    const auto end = static_cast<size_t>(buffer.position + count);
    buffer.bytes.resize(std::max(buffer.bytes.size(), end));
    std::memcpy(buffer.bytes.data() + buffer.position, in, static_cast<size_t>(count));
    buffer.position += count;
    return count;
  };
  io.tell = [](void* data) { return At(data).position; };
  return io;
}

}  // namespace internal

// `interleaved` holds whole frames. Throws when libsndfile cannot write the shape.
inline std::vector<std::byte> EncodeAudio(const std::vector<float>& interleaved, const AudioShape& shape) {
  internal::Buffer buffer;
  SF_VIRTUAL_IO io = internal::BufferIo();
  SF_INFO info{};
  info.format = shape.format;
  info.channels = shape.channels;
  info.samplerate = shape.sample_rate_hz;
  SNDFILE* file = sf_open_virtual(&io, SFM_WRITE, &info, &buffer);
  if (file == nullptr) throw std::runtime_error(std::string("cannot encode: ") + sf_strerror(nullptr));
  sf_command(file, SFC_SET_CLIPPING, nullptr, SF_TRUE);
  const sf_count_t frames = static_cast<sf_count_t>(interleaved.size()) / shape.channels;
  // In blocks: some encoders keep a whole write on the stack.
  for (sf_count_t done = 0; done < frames;) {
    const sf_count_t count = std::min<sf_count_t>(frames - done, 4096);
    if (sf_writef_float(file, interleaved.data() + done * shape.channels, count) != count) {
      throw std::runtime_error(std::string("cannot encode: ") + sf_strerror(file));
    }
    done += count;
  }
  sf_close(file);
  return buffer.bytes;
}

// Each sample of `mono` times each factor: one channel a factor.
inline std::vector<float> Interleave(const std::vector<float>& mono, const std::vector<float>& factors) {
  std::vector<float> out;
  out.reserve(mono.size() * factors.size());
  for (float x : mono) {
    for (float factor : factors) out.push_back(x * factor);
  }
  return out;
}

// A little-endian number written over `bytes` at `offset`.
template <typename T>
void Overwrite(std::vector<std::byte>& bytes, size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof(value));
}

// Where a chunk or tag name stands.
inline size_t Find(const std::vector<std::byte>& bytes, const std::string& name) {
  const auto* begin = reinterpret_cast<const char*>(bytes.data());
  return static_cast<size_t>(std::search(begin, begin + bytes.size(), name.begin(), name.end()) - begin);
}

}  // namespace timbre::testing
