#include "client/cli/npy.h"

#include <bit>

#include "absl/strings/str_cat.h"
#include "client/output_file.h"

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
  std::string content = NpyHeader(rows.size(), columns);
  for (const auto& row : rows) {
    content.append(reinterpret_cast<const char*>(row.data()), columns * sizeof(float));
  }
  return client::WriteWhole(path, content);
}

}  // namespace timbre::cli
