#include "core/dataset/clip_dataset.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/status_macros.h"
#include "core/dataset/cache_index.h"

namespace timbre::dataset {
namespace {

static_assert(std::endian::native == std::endian::little, "pcm.s16 is little endian");

// Starts reading the pages of a range, which random access would otherwise fetch one by one.
void Prefetch(std::span<const int16_t> range) {
  static const auto kPageBytes = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<uintptr_t>(range.data());
  const uintptr_t first_page = begin / kPageBytes * kPageBytes;
  ::madvise(reinterpret_cast<void*>(first_page), begin + range.size_bytes() - first_page, MADV_WILLNEED);
}

}  // namespace

absl::Status ClipDataset::Map(const std::filesystem::path& pcm_file, int64_t samples) {
  const int file = ::open(pcm_file.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    const int error = errno;
    if (error == ENOENT) return absl::DataLossError(absl::StrCat(pcm_file.string(), " is missing"));
    return base::ErrnoStatus(error, "open", pcm_file);
  }
  struct stat info = {};
  const bool known = ::fstat(file, &info) == 0;
  const size_t bytes = static_cast<size_t>(samples) * sizeof(int16_t);
  void* mapped = MAP_FAILED;
  absl::Status status;
  if (!known || static_cast<size_t>(info.st_size) != bytes) {
    status =
        absl::DataLossError(absl::StrCat(pcm_file.string(), " has ", info.st_size, " bytes; its index says ",
                                         bytes, ": ingest the data set again"));
  } else if (bytes > 0) {
    mapped = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, file, 0);
    if (mapped == MAP_FAILED) status = base::ErrnoStatus(errno, "map", pcm_file);
  }
  ::close(file);
  if (mapped != MAP_FAILED) {
    ::madvise(mapped, bytes, MADV_RANDOM);
    pcm_ = static_cast<const int16_t*>(mapped);
    pcm_samples_ = static_cast<size_t>(samples);
  }
  return status;
}

absl::StatusOr<std::shared_ptr<const ClipDataset>> ClipDataset::Open(const std::filesystem::path& cache_dir) {
  const absl::StatusOr<std::string> json = base::ReadFile(cache_dir / kIndexFile);
  if (absl::IsNotFound(json.status())) {
    return absl::NotFoundError(absl::StrCat(cache_dir.string(), " is no data set: it has no ", kIndexFile));
  }
  TIMBRE_RETURN_IF_ERROR(json.status());
  absl::StatusOr<CacheIndex> index = IndexFromJson(*json);
  if (!index.ok()) {
    return absl::Status(index.status().code(),
                        absl::StrCat(cache_dir.string(), ": ", index.status().message()));
  }
  std::shared_ptr<ClipDataset> dataset(new ClipDataset());
  TIMBRE_RETURN_IF_ERROR(dataset->Map(cache_dir / kPcmFile, index->pcm_samples));
  dataset->digest_ = DatasetDigest(*index);
  dataset->clips_ = std::move(index->clips);
  dataset->tags_ = std::move(index->tags);
  dataset->report_ = std::move(index->report);
  return std::shared_ptr<const ClipDataset>(std::move(dataset));
}

ClipDataset::~ClipDataset() {
  if (pcm_ != nullptr) ::munmap(const_cast<int16_t*>(pcm_), pcm_samples_ * sizeof(int16_t));
}

std::span<const int16_t> ClipDataset::samples(const Clip& clip) const {
  return {pcm_ + clip.offset_samples, static_cast<size_t>(clip.length_samples)};
}

void ClipDataset::ReadFloat(const Clip& clip, int64_t begin, std::span<float> out) const {
  const std::span<const int16_t> range = samples(clip).subspan(static_cast<size_t>(begin), out.size());
  Prefetch(range);
  for (size_t i = 0; i < range.size(); ++i) out[i] = static_cast<float>(range[i]) / 32768.0F;
}

}  // namespace timbre::dataset
