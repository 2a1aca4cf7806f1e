#include <set>

#include "core/dataset/annotations.h"
#include "tests/fuzz/targets.h"

namespace timbre::fuzz {

void FuzzAnnotations(Bytes bytes) {
  const MemoryFile file(bytes);
  const auto annotations = dataset::ReadAnnotations(file.path());
  if (!annotations.ok()) {
    Require(!annotations.status().message().empty(), "an error says why");
    return;
  }
  Require(!annotations->tags.empty(), "what is accepted has tags");
  Require(std::set<std::string>(annotations->tags.begin(), annotations->tags.end()).size() ==
              annotations->tags.size(),
          "no tag comes twice");
  std::set<std::string> paths;
  for (const auto& row : annotations->rows) {
    Require(row.labels.size() == annotations->tags.size(), "each row has all labels");
    for (const uint8_t label : row.labels) Require(label <= 1, "a label is 0 or 1");
    const std::string path = dataset::NormalizedPath(row.path);
    Require(dataset::NormalizedPath(path) == path, "a normal path is its own normal form");
    Require(paths.insert(path).second, "no path comes twice");
  }
}

}  // namespace timbre::fuzz
