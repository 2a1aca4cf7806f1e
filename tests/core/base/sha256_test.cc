#include "core/base/sha256.h"

#include <gtest/gtest.h>

namespace timbre::base {
namespace {

std::string HexOf(std::string_view text) {
  Sha256 hash;
  hash.Update(text);
  return hash.HexDigest();
}

// The examples of FIPS 180-4.
TEST(Sha256Test, EqualsTheStandardsExamples) {
  EXPECT_EQ(HexOf(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(HexOf("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256Test, TheCutIntoUpdatesDoesNotMatter) {
  Sha256 hash;
  hash.Update("a");
  hash.Update(std::as_bytes(std::span("bc", 2)));
  EXPECT_EQ(hash.HexDigest(), HexOf("abc"));
}

TEST(Sha256Test, FieldsThatAreCutElsewhereDiffer) {
  const auto fields = [](std::string_view a, std::string_view b) {
    Sha256 hash;
    hash.AddField(a);
    hash.AddField(b);
    return hash.HexDigest();
  };
  EXPECT_NE(fields("ab", "c"), fields("a", "bc"));
  EXPECT_NE(fields("", "abc"), fields("abc", ""));
}

TEST(Sha256Test, NumbersAreEightLittleEndianBytes) {
  Sha256 hash;
  hash.AddNumber(0x0807060504030201);
  EXPECT_EQ(hash.HexDigest(), HexOf("\x01\x02\x03\x04\x05\x06\x07\x08"));
}

}  // namespace
}  // namespace timbre::base
