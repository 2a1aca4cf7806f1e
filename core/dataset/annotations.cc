#include "core/dataset/annotations.h"

#include <csv.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/status_macros.h"
#include "core/dataset/utf8.h"

namespace timbre::dataset {
namespace {

constexpr char kTrackColumn[] = "track_id";

bool IsLabel(const std::string& field) { return field == "0" || field == "1"; }

// Takes the fields and rows that libcsv finds; keeps the first error.
class RowReader {
 public:
  // The line that is being parsed, from 1.
  void SetLine(int64_t line) { line_ = line; }

  void Field(std::string field) { fields_.push_back(std::move(field)); }

  void EndRow() {
    if (status_.ok()) status_ = columns_ == 0 ? Header() : Row();
    fields_.clear();
  }

  absl::Status Wrong(absl::string_view problem) const {
    return absl::InvalidArgumentError(absl::StrCat("line ", line_, ": ", problem));
  }

  absl::StatusOr<Annotations> Take() {
    TIMBRE_RETURN_IF_ERROR(status_);
    if (columns_ > 0) return std::move(annotations_);
    return absl::InvalidArgumentError(
        "line 1: the file is empty; its first line must be a header: path,<tag>,<tag>,...");
  }

 private:
  absl::Status WrongColumn(size_t column, absl::string_view problem) const {
    return Wrong(absl::StrCat("column ", column + 1, ": ", problem));
  }

  absl::Status Header() {
    columns_ = fields_.size();
    if (columns_ > 1 && std::all_of(fields_.begin() + 1, fields_.end(), IsLabel)) {
      return Wrong(absl::StrCat("there is no header: the row of '", Printable(fields_[0]),
                                "' is data; the first line must be path,<tag>,<tag>,..."));
    }
    std::map<std::string, size_t> seen;
    for (size_t column = 1; column < columns_; ++column) {
      const std::string& name = fields_[column];
      if (name.empty()) return WrongColumn(column, "the tag has no name");
      if (!IsUtf8(name))
        return WrongColumn(column, absl::StrCat("the tag '", Printable(name), "' is not UTF-8"));
      const auto [first, fresh] = seen.emplace(name, column);
      if (!fresh) {
        return WrongColumn(
            column, absl::StrCat("the tag '", Printable(name), "' is already column ", first->second + 1));
      }
      if (name == kTrackColumn) {
        track_column_ = column;
        annotations_.has_track_ids = true;
      } else {
        annotations_.tags.push_back(name);
      }
    }
    if (!annotations_.tags.empty()) return absl::OkStatus();
    return Wrong("there is no tag column; the header must be path,<tag>,<tag>,...");
  }

  absl::Status Row() {
    if (fields_.size() != columns_) {
      return WrongColumn(std::min(fields_.size(), columns_),
                         absl::StrCat("the row has ", fields_.size(), " columns, the header ", columns_));
    }
    Annotations::Row row;
    row.labels.reserve(annotations_.tags.size());
    for (size_t column = 1; column < columns_; ++column) {
      std::string& field = fields_[column];
      if (column == track_column_) {
        if (!IsUtf8(field)) return WrongColumn(column, "the track_id is not UTF-8");
        row.track_id = std::move(field);
      } else if (IsLabel(field)) {
        row.labels.push_back(field == "1" ? 1 : 0);
      } else {
        return WrongColumn(column,
                           absl::StrCat("the label of tag '", Printable(annotations_.tags[row.labels.size()]),
                                        "' is '", Printable(field), "'; it must be 0 or 1"));
      }
    }
    row.path = std::move(fields_[0]);
    TIMBRE_RETURN_IF_ERROR(CheckPath(row.path));
    annotations_.rows.push_back(std::move(row));
    return absl::OkStatus();
  }

  absl::Status CheckPath(const std::string& path) {
    if (path.empty()) return WrongColumn(0, "the path is empty");
    if (!IsUtf8(path)) return WrongColumn(0, absl::StrCat("the path '", Printable(path), "' is not UTF-8"));
    const auto [first, fresh] = path_lines_.emplace(NormalizedPath(path), line_);
    if (fresh) return absl::OkStatus();
    return WrongColumn(0,
                       absl::StrCat("the path '", Printable(path), "' is already on line ", first->second));
  }

  int64_t line_ = 1;
  size_t columns_ = 0;       // 0 until the header is read
  size_t track_column_ = 0;  // 0: there is none
  std::vector<std::string> fields_;
  std::map<std::string, int64_t> path_lines_;
  Annotations annotations_;
  absl::Status status_;
};

void OnField(void* text, size_t size, void* reader) {
  static_cast<RowReader*>(reader)->Field(std::string(static_cast<const char*>(text), size));
}

void OnRow(int /*terminator*/, void* reader) { static_cast<RowReader*>(reader)->EndRow(); }

struct ParserDeleter {
  void operator()(csv_parser* parser) const {
    csv_free(parser);
    delete parser;
  }
};

absl::Status ParseError(csv_parser* parser, const RowReader& reader) {
  const int error = csv_error(parser);
  if (error == CSV_EPARSE)
    return reader.Wrong("stray or unclosed quotes; a quote in a quoted field is written twice");
  return absl::ResourceExhaustedError(absl::StrCat("annotations: ", csv_strerror(error)));
}

// Feeds libcsv line by line, for it does not count lines itself.
absl::StatusOr<Annotations> Parse(std::string_view text) {
  std::unique_ptr<csv_parser, ParserDeleter> parser(new csv_parser);
  if (csv_init(parser.get(), CSV_STRICT | CSV_STRICT_FINI) != 0) {
    return absl::InternalError("the CSV parser could not be set up");
  }
  RowReader reader;
  for (int64_t line = 1; !text.empty(); ++line) {
    reader.SetLine(line);
    const size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    if (csv_parse(parser.get(), text.data(), size, OnField, OnRow, &reader) != size) {
      return ParseError(parser.get(), reader);
    }
    text.remove_prefix(size);
  }
  if (csv_fini(parser.get(), OnField, OnRow, &reader) != 0) return ParseError(parser.get(), reader);
  return reader.Take();
}

}  // namespace

absl::StatusOr<Annotations> ReadAnnotations(const std::filesystem::path& csv) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  TIMBRE_ASSIGN_OR_RETURN(const std::string content, base::ReadFile(csv));
  std::string_view text = content;
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) text.remove_prefix(kByteOrderMark.size());
  absl::StatusOr<Annotations> annotations = Parse(text);
  if (annotations.ok()) return annotations;
  return absl::Status(annotations.status().code(),
                      absl::StrCat(csv.filename().string(), ", ", annotations.status().message()));
}

std::string NormalizedPath(const std::string& path) {
  return std::filesystem::path(path).lexically_normal().generic_string();
}

}  // namespace timbre::dataset
