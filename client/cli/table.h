#pragma once

#include <string>
#include <vector>

namespace timbre::cli {

// Columns as wide as their widest cell, two spaces between them, no spaces at the ends of lines.
//   Table table({"JOB", "STATE"});
//   table.AddRow({"j1", "RUNNING"});
//   out << table.Render();
class Table {
 public:
  explicit Table(std::vector<std::string> header);

  // Missing cells are empty.
  void AddRow(std::vector<std::string> row);
  // Numbers stand at the right of their column.
  void AlignRight(size_t column);

  std::string Render() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<bool> right_;
};

// Columns that a UTF-8 text takes: its code points.
size_t DisplayWidth(const std::string& text);

}  // namespace timbre::cli
