#include "server/security/certificate.h"

#include <fstream>
#include <iterator>
#include <semaphore>

#include "absl/strings/str_cat.h"
#include "server/security/memory_file.h"
#include "server/security/watched_files.h"
#include "tests/support/certificates.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::security {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

std::string Read(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class CertificateTest : public ::testing::Test {
 protected:
  std::filesystem::path Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() / name) << text;
    return folder_.path() / name;
  }
  absl::StatusOr<KeyPair> ReadPair(const testing::IssuedCertificate& issued) {
    return ReadKeyPair(Write("c.pem", issued.certificate), Write("k.pem", issued.private_key), absl::Now());
  }

  testing::TempDir folder_;
  const testing::TestAuthority authority_{"Test CA"};
};

TEST_F(CertificateTest, APairThatBelongsTogetherIsReadWithItsEnd) {
  const absl::Time ends = absl::Now() + absl::Hours(5);
  TIMBRE_ASSERT_OK_AND_ASSIGN(
      const KeyPair pair,
      ReadPair(authority_.Issue({.common_name = "s", .alternative_names = "", .ends = ends})));
  EXPECT_THAT(pair.certificate_chain, HasSubstr("BEGIN CERTIFICATE"));
  EXPECT_NEAR(absl::ToDoubleSeconds(pair.expires - ends), 0, 2);
}

TEST_F(CertificateTest, WhatWouldFailEveryHandshakeIsRefusedBeforeItIsUsed) {
  const testing::IssuedCertificate one = authority_.Issue({.common_name = "one", .alternative_names = ""});
  const testing::IssuedCertificate two = authority_.Issue({.common_name = "two", .alternative_names = ""});
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(ReadPair({one.certificate, two.private_key}),
              StatusIs(kInvalid, HasSubstr("is not the key of")));
  EXPECT_THAT(ReadPair({"hello", one.private_key}), StatusIs(kInvalid, HasSubstr("no certificate in PEM")));
  EXPECT_THAT(ReadPair({one.certificate, "hello"}), StatusIs(kInvalid, HasSubstr("no private key")));
  EXPECT_THAT(ReadPair(authority_.Issue({.common_name = "old",
                                         .alternative_names = "",
                                         .begins = absl::Now() - absl::Hours(9),
                                         .ends = absl::Now() - absl::Hours(8)})),
              StatusIs(kInvalid, HasSubstr("expired")));
  EXPECT_THAT(ReadPair(authority_.Issue(
                  {.common_name = "new", .alternative_names = "", .begins = absl::Now() + absl::Hours(1)})),
              StatusIs(kInvalid, HasSubstr("holds from")));
  EXPECT_THAT(ReadKeyPair(folder_.path() / "none", folder_.path() / "none", absl::Now()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("none")));
}

TEST(MemoryFileTest, AReaderThatBeganReadsTheOldContentToItsEnd) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(MemoryFile file, MemoryFile::Create(std::string(100'000, 'a')));
  std::ifstream reader(file.path());
  EXPECT_EQ(reader.get(), 'a');
  EXPECT_THAT(file.Replace("bb"), IsOk());
  EXPECT_EQ(Read(file.path()), "bb");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(reader), {}), std::string(99'999, 'a'));
}

TEST(MemoryFileTest, ItMovesWithItsPath) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(MemoryFile first, MemoryFile::Create("one"));
  const MemoryFile second = std::move(first);
  EXPECT_EQ(Read(second.path()), "one");
}

TEST(WatchedFilesTest, AChangedFileASwappedLinkAndAFileThatGoesAreSeen) {
  const testing::TempDir folder;
  const std::filesystem::path one = folder.path() / "one", two = folder.path() / "two",
                              link = folder.path() / "link";
  for (const auto& path : {one, two}) {
    std::filesystem::create_directory(path);
    std::ofstream(path / "file") << "same";
  }
  std::filesystem::create_directory_symlink(one, link);
  std::counting_semaphore<> changed(0);
  WatchedFiles watch({link / "file"}, absl::Milliseconds(5), [&] {
    changed.release();
    return true;
  });
  watch.Begin();
  std::ofstream(one / "fresh") << "same";
  std::filesystem::rename(one / "fresh", one / "file");
  changed.acquire();
  std::filesystem::create_directory_symlink(two, folder.path() / "next");
  std::filesystem::rename(folder.path() / "next", link);
  changed.acquire();
  std::filesystem::remove(two / "file");
  changed.acquire();
}

TEST(WatchedFilesTest, WhatCouldNotBeUsedIsTriedAgainAndWhatChangedBeforeTheBeginIsSeen) {
  const testing::TempDir folder;
  const std::filesystem::path file = folder.path() / "file";
  std::ofstream(file) << "one";
  std::counting_semaphore<> tried(0);
  int failures = 3;
  WatchedFiles watch({file}, absl::Milliseconds(5), [&] {
    tried.release();
    return --failures < 0;
  });
  std::ofstream(folder.path() / "fresh") << "two";
  std::filesystem::rename(folder.path() / "fresh", file);
  watch.Begin();
  for (int i = 0; i < 4; ++i) tried.acquire();
}

// gRPC reads key and chain from one file and takes its first certificate.
TEST_F(CertificateTest, ACertificateInTheFileOfTheKeyIsNotTheServers) {
  const testing::IssuedCertificate own = authority_.Issue({.common_name = "own", .alternative_names = ""});
  const testing::IssuedCertificate other =
      authority_.Issue({.common_name = "other", .alternative_names = ""});
  TIMBRE_ASSERT_OK_AND_ASSIGN(const KeyPair pair,
                              ReadPair({own.certificate, absl::StrCat(other.certificate, own.private_key)}));
  EXPECT_EQ(pair.private_key.find("CERTIFICATE"), std::string::npos);
  EXPECT_EQ(pair.certificate_chain, own.certificate);
}

}  // namespace
}  // namespace timbre::security
