// Every file of the corpus, through the function it was found for: what a fuzzer once found stays found.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/targets.h"

namespace timbre::fuzz {
namespace {

std::vector<std::filesystem::path> FilesOf(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  if (!std::filesystem::exists(folder)) return files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

class FuzzReplayTest : public ::testing::TestWithParam<Target> {};

TEST_P(FuzzReplayTest, EachFileOfTheCorpusIsReadWithoutHarm) {
  const auto files = FilesOf(std::filesystem::path(TIMBRE_FUZZ_CORPUS) / GetParam().name);
  ASSERT_GE(files.size(), 3U) << "tests/fuzz/make_corpus.py makes the first ones";
  for (const auto& file : files) {
    SCOPED_TRACE(file.string());
    std::ifstream stream(file, std::ios::binary);
    const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(stream), {}};
    std::fprintf(stderr, "%s\n", file.filename().c_str());  // the last one of a crash
    GetParam().run(bytes);
  }
}

TEST_P(FuzzReplayTest, NothingIsAnInputToo) { GetParam().run({}); }

INSTANTIATE_TEST_SUITE_P(Targets, FuzzReplayTest, ::testing::ValuesIn(Targets()),
                         [](const auto& target) { return std::string(target.param.name); });

}  // namespace
}  // namespace timbre::fuzz
