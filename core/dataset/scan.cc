#include "core/dataset/scan.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/dataset/utf8.h"

namespace timbre::dataset {
namespace {

namespace fs = std::filesystem;

constexpr char kLeaves[] = "a symbolic link that leaves the data set's folder, or leads nowhere";

bool IsAudio(const fs::path& path) {
  static constexpr std::array kExtensions = {".wav", ".flac", ".ogg",  ".oga", ".opus", ".mp3",
                                             ".aif", ".aiff", ".aifc", ".caf", ".au",   ".snd"};
  const std::string extension = absl::AsciiStrToLower(path.extension().string());
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

class Scanner {
 public:
  explicit Scanner(const fs::path& root)
      : root_(fs::absolute(root).lexically_normal()), open_folders_({root_}) {}

  ScanResult Run() {
    while (!open_folders_.empty()) {
      const fs::path folder = std::move(open_folders_.back());
      open_folders_.pop_back();
      ReadFolder(folder);
    }
    std::sort(result_.paths.begin(), result_.paths.end());
    return std::move(result_);
  }

 private:
  void ReadFolder(const fs::path& folder) {
    std::error_code error;
    fs::directory_iterator entry(folder, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) See(*entry);
    if (error) Skip(folder, absl::StrCat("the folder cannot be read: ", error.message()));
  }

  void See(const fs::directory_entry& entry) {
    std::error_code error;
    const bool is_link = entry.is_symlink(error);
    const bool is_folder = entry.is_directory(error);
    if (is_folder && !is_link) return open_folders_.push_back(entry.path());
    const bool is_audio = IsAudio(entry.path()) && !is_folder;
    if (is_audio) ++result_.files_seen;
    if (is_link && (is_audio || is_folder) && !LiesInside(entry.path(), root_))
      return Skip(entry.path(), kLeaves);
    if (!is_audio) return;
    if (!entry.is_regular_file(error)) return Skip(entry.path(), "not a regular file");
    const std::string relative = Relative(entry.path());
    if (!IsUtf8(relative)) return Skip(entry.path(), "the name is not UTF-8; rename the file");
    result_.paths.push_back(relative);
  }

  std::string Relative(const fs::path& path) const { return path.lexically_relative(root_).generic_string(); }

  void Skip(const fs::path& path, std::string reason) {
    const std::string relative = Relative(path);
    result_.skipped.push_back({IsUtf8(relative) ? relative : Printable(relative), std::move(reason)});
  }

  const fs::path root_;
  std::vector<fs::path> open_folders_;
  ScanResult result_;
};

}  // namespace

bool LiesInside(const fs::path& path, const fs::path& folder) {
  std::error_code error;
  const fs::path real_folder = fs::canonical(folder, error);
  if (error) return false;
  const fs::path real_path = fs::canonical(path, error);
  if (error) return false;
  return std::mismatch(real_folder.begin(), real_folder.end(), real_path.begin(), real_path.end()).first ==
         real_folder.end();
}

absl::StatusOr<ScanResult> ScanForAudio(const fs::path& source_dir) {
  std::error_code error;
  if (!fs::is_directory(source_dir, error)) {
    return absl::NotFoundError(absl::StrCat("there is no folder ", source_dir.string()));
  }
  fs::directory_iterator probe(source_dir, error);
  if (error) return base::ErrnoStatus(error.value(), "read the folder", source_dir);
  return Scanner(source_dir).Run();
}

}  // namespace timbre::dataset
