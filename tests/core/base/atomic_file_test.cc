#include "core/base/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/matchers.h"

namespace timbre::base {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using timbre::testing::IsOk;
using timbre::testing::StatusIs;

class AtomicFileTest : public ::testing::Test {
 protected:
  AtomicFileTest()
      : folder_(fs::temp_directory_path() / ("timbre_atomic_file_" + std::to_string(::getpid()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~AtomicFileTest() override { fs::remove_all(folder_); }

  size_t FilesInFolder() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  const fs::path folder_;
};

TEST_F(AtomicFileTest, WhatWasWrittenIsReadBackAndNothingElseIsLeft) {
  std::string content = "line\n";
  content.push_back('\0');
  content += std::string(100000, 'x');
  ASSERT_THAT(WriteFileAtomically(folder_ / "a", content), IsOk());
  EXPECT_EQ(ReadFile(folder_ / "a").value(), content);
  EXPECT_EQ(FilesInFolder(), 1U);
}

TEST_F(AtomicFileTest, AnEmptyFileIsAFileToo) {
  ASSERT_THAT(WriteFileAtomically(folder_ / "a", std::string_view()), IsOk());
  EXPECT_EQ(ReadFile(folder_ / "a").value(), "");
}

TEST_F(AtomicFileTest, ANewContentReplacesTheOld) {
  ASSERT_THAT(WriteFileAtomically(folder_ / "a", "a long first content"), IsOk());
  ASSERT_THAT(WriteFileAtomically(folder_ / "a", "second"), IsOk());
  EXPECT_EQ(ReadFile(folder_ / "a").value(), "second");
}

TEST_F(AtomicFileTest, MissingParentFoldersAreMade) {
  ASSERT_THAT(WriteFileAtomically(folder_ / "x/y/z/a", "content"), IsOk());
  EXPECT_EQ(ReadFile(folder_ / "x/y/z/a").value(), "content");
}

TEST_F(AtomicFileTest, ANameWithoutAFolderMeansTheCurrentFolder) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  EXPECT_THAT(WriteFileAtomically("a", "content"), IsOk());
  fs::current_path(before);
  EXPECT_EQ(ReadFile(folder_ / "a").value(), "content");
}

TEST_F(AtomicFileTest, AWriterThatFailsLeavesTheOldContentAndNoTemporaryFile) {
  ASSERT_THAT(WriteFileAtomically(folder_ / "a", "old"), IsOk());
  const auto fail_half_way = [](const fs::path& path) {
    std::ofstream(path) << "half";
    return absl::DataLossError("broken");
  };
  EXPECT_THAT(WriteFileAtomically(folder_ / "a", fail_half_way), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(ReadFile(folder_ / "a").value(), "old");
  EXPECT_EQ(FilesInFolder(), 1U);
}

TEST_F(AtomicFileTest, AWriterThatIsGivenAPathFillsTheFile) {
  const auto write = [](const fs::path& path) {
    std::ofstream(path) << "by path";
    return absl::OkStatus();
  };
  ASSERT_THAT(WriteFileAtomically(folder_ / "a", write), IsOk());
  EXPECT_EQ(ReadFile(folder_ / "a").value(), "by path");
}

TEST_F(AtomicFileTest, AFullDiskIsResourceExhaustedAndLeavesTheOldContent) {
  ASSERT_THAT(WriteFileAtomically(folder_ / "a", "old"), IsOk());
  // The limit on a file's size stands for the full disk: the kernel refuses the write half-way.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{4096, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status status = WriteFileAtomically(folder_ / "a", std::string(100000, 'x'));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr(folder_.string())));
  EXPECT_EQ(ReadFile(folder_ / "a").value(), "old");
  EXPECT_EQ(FilesInFolder(), 1U);
}

TEST_F(AtomicFileTest, AParentThatIsAFileIsAnErrorWithThePath) {
  ASSERT_THAT(WriteFileAtomically(folder_ / "file", "x"), IsOk());
  EXPECT_THAT(WriteFileAtomically(folder_ / "file" / "a", "x"),
              StatusIs(absl::StatusCode::kInternal, HasSubstr((folder_ / "file").string())));
}

TEST_F(AtomicFileTest, ReadersSeeTheOldOrTheNewContentNeverAMixture) {
  const std::string a(50000, 'a');
  const std::string b(50000, 'b');
  ASSERT_THAT(WriteFileAtomically(folder_ / "f", a), IsOk());
  std::thread writer([&] {
    for (int i = 0; i < 20; ++i) EXPECT_THAT(WriteFileAtomically(folder_ / "f", i % 2 == 0 ? b : a), IsOk());
  });
  for (int i = 0; i < 200; ++i) {
    const auto content = ReadFile(folder_ / "f");
    ASSERT_THAT(content, IsOk());
    ASSERT_TRUE(*content == a || *content == b);
  }
  writer.join();
}

TEST_F(AtomicFileTest, WritersOfOneFileDoNotDisturbEachOther) {
  std::vector<std::thread> writers;
  for (int t = 0; t < 4; ++t) {
    writers.emplace_back([this, t] {
      const std::string content(10000, static_cast<char>('a' + t));
      for (int i = 0; i < 5; ++i) EXPECT_THAT(WriteFileAtomically(folder_ / "f", content), IsOk());
    });
  }
  for (std::thread& writer : writers) writer.join();
  const std::string content = ReadFile(folder_ / "f").value();
  EXPECT_EQ(content, std::string(10000, content[0]));
  EXPECT_EQ(FilesInFolder(), 1U);
}

TEST_F(AtomicFileTest, AMissingFileIsNotFound) {
  EXPECT_THAT(ReadFile(folder_ / "none"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("none")));
}

TEST_F(AtomicFileTest, AFolderCannotBeReadAsAFile) {
  EXPECT_THAT(ReadFile(folder_), StatusIs(absl::StatusCode::kInternal));
}

TEST(ErrnoStatusTest, TheCodeFollowsTheCause) {
  EXPECT_THAT(ErrnoStatus(ENOSPC, "write", "/f"),
              StatusIs(absl::StatusCode::kResourceExhausted, AllOf(HasSubstr("write"), HasSubstr("/f"))));
  EXPECT_THAT(ErrnoStatus(EDQUOT, "write", "/f"), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(ErrnoStatus(ENOENT, "open", "/f"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(ErrnoStatus(EACCES, "open", "/f"), StatusIs(absl::StatusCode::kInternal));
}

}  // namespace
}  // namespace timbre::base
