#include "client/cli/npy.h"

#include <bit>
#include <fstream>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace timbre::cli {

static_assert(std::endian::native == std::endian::little, "the samples are written as they lie in memory");

std::string NpyHeader(size_t rows, size_t columns) {
  constexpr size_t kPreamble = 10;
  std::string dict =
      absl::StrCat("{'descr': '<f4', 'fortran_order': False, 'shape': (", rows, ", ", columns, "), }");
  dict.append(63 - (kPreamble + dict.size()) % 64, ' ');
  dict += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(dict.size() & 0xFF);
  header += static_cast<char>(dict.size() >> 8);
  return header + dict;
}

absl::Status WriteNpy(const std::filesystem::path& path, const std::vector<std::vector<float>>& rows) {
  const size_t columns = rows.empty() ? 0 : rows.front().size();
  for (const auto& row : rows) {
    if (row.size() == columns) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("rows of ", columns, " and ", row.size(), " numbers do not fit into one array"));
  }
  const std::filesystem::path aside = path.string() + ".partial";
  std::ofstream out(aside, std::ios::binary | std::ios::trunc);
  if (!out) return absl::PermissionDeniedError(absl::StrCat(path.string(), ": cannot be written"));
  out << NpyHeader(rows.size(), columns);
  for (const auto& row : rows) {
    out.write(reinterpret_cast<const char*>(row.data()),
              static_cast<std::streamsize>(columns * sizeof(float)));
  }
  out.close();
  std::error_code error;
  if (out.fail()) {
    std::filesystem::remove(aside, error);
    return absl::DataLossError(absl::StrCat(path.string(), ": writing failed; is the disk full?"));
  }
  std::filesystem::rename(aside, path, error);
  if (error) return absl::DataLossError(absl::StrCat(path.string(), ": ", error.message()));
  return absl::OkStatus();
}

}  // namespace timbre::cli
