#include "client/cli/wav.h"

#include <sndfile.h>

#include <memory>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace timbre::cli {

absl::Status WriteWav(const std::filesystem::path& path, const std::vector<float>& samples,
                      int sample_rate_hz) {
  const std::filesystem::path aside = path.string() + ".partial";
  SF_INFO info = {};
  info.channels = 1;
  info.samplerate = sample_rate_hz;
  info.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT;
  SNDFILE* file = sf_open(aside.c_str(), SFM_WRITE, &info);
  if (file == nullptr) {
    return absl::PermissionDeniedError(
        absl::StrCat(path.string(), ": cannot be written: ", sf_strerror(nullptr)));
  }
  // It would carry the time, and the same view must give the same bytes.
  sf_command(file, SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);
  const auto count = static_cast<sf_count_t>(samples.size());
  const bool written = sf_write_float(file, samples.data(), count) == count;
  const bool closed = sf_close(file) == 0;
  std::error_code error;
  if (!written || !closed) {
    std::filesystem::remove(aside, error);
    return absl::DataLossError(absl::StrCat(path.string(), ": writing failed; is the disk full?"));
  }
  std::filesystem::rename(aside, path, error);
  if (error) return absl::DataLossError(absl::StrCat(path.string(), ": ", error.message()));
  return absl::OkStatus();
}

}  // namespace timbre::cli
