#include "client/cli/wav.h"

#include <sndfile.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/output_file.h"

namespace timbre::cli {
namespace {

// A file in memory, for libsndfile to write: it goes back to fill in the header.
struct MemoryFile {
  std::string bytes;
  sf_count_t at = 0;

  static MemoryFile& Of(void* self) { return *static_cast<MemoryFile*>(self); }
  static sf_count_t Length(void* self) { return static_cast<sf_count_t>(Of(self).bytes.size()); }
  static sf_count_t Tell(void* self) { return Of(self).at; }
  static sf_count_t Seek(sf_count_t offset, int whence, void* self) {
    const sf_count_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? Tell(self) : Length(self);
    return Of(self).at = from + offset;
  }
  static sf_count_t Read(void* to, sf_count_t count, void* self) {
    MemoryFile& file = Of(self);
    count = std::clamp<sf_count_t>(Length(self) - file.at, 0, count);
    std::copy_n(file.bytes.begin() + file.at, count, static_cast<char*>(to));
    file.at += count;
    return count;
  }
  static sf_count_t Write(const void* from, sf_count_t count, void* self) {
    MemoryFile& file = Of(self);
    file.bytes.resize(std::max(file.bytes.size(), static_cast<size_t>(file.at + count)));
    std::copy_n(static_cast<const char*>(from), count, file.bytes.begin() + file.at);
    file.at += count;
    return count;
  }
};

absl::StatusOr<std::string> WavBytes(const std::vector<float>& samples, int sample_rate_hz) {
  SF_INFO info = {};
  info.channels = 1;
  info.samplerate = sample_rate_hz;
  info.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT;
  SF_VIRTUAL_IO io = {&MemoryFile::Length, &MemoryFile::Seek, &MemoryFile::Read, &MemoryFile::Write,
                      &MemoryFile::Tell};
  MemoryFile memory;
  SNDFILE* file = sf_open_virtual(&io, SFM_WRITE, &info, &memory);
  if (file == nullptr) return absl::InternalError(absl::StrCat("libsndfile: ", sf_strerror(nullptr)));
  // It would carry the time, and the same view must give the same bytes.
  sf_command(file, SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);
  const auto count = static_cast<sf_count_t>(samples.size());
  const bool written = sf_write_float(file, samples.data(), count) == count;
  const bool closed = sf_close(file) == 0;
  if (!written || !closed) return absl::InternalError("libsndfile wrote no WAV");
  return std::move(memory.bytes);
}

}  // namespace

absl::Status WriteWav(const std::filesystem::path& path, const std::vector<float>& samples,
                      int sample_rate_hz) {
  const absl::StatusOr<std::string> bytes = WavBytes(samples, sample_rate_hz);
  if (!bytes.ok()) return bytes.status();
  return client::WriteWhole(path, *bytes);
}

}  // namespace timbre::cli
