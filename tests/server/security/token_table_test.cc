#include "server/security/token_table.h"

#include "absl/strings/str_cat.h"
#include "core/base/sha256.h"
#include "tests/support/matchers.h"

namespace timbre::security {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::timbre::testing::StatusIs;

std::string DigestOf(const std::string& token) {
  base::Sha256 sha256;
  sha256.Update(token);
  return sha256.HexDigest();
}

TEST(TokenTableTest, ATokenIsFoundByItsHash) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(
      const TokenTable table,
      TokenTable::Parse(absl::StrCat("# our clients\n\nradio infer ", DigestOf("secret"), "\n",
                                     "lab\ttrain,admin  ", DigestOf("other"), " # the lab\r\n")));
  ASSERT_EQ(table.size(), 2U);
  const std::optional<Identity> radio = table.Find("secret");
  ASSERT_TRUE(radio.has_value());
  EXPECT_EQ(radio->client, "radio");
  EXPECT_TRUE(radio->roles.Has(Role::kInfer));
  EXPECT_FALSE(radio->roles.Has(Role::kTrain));
  EXPECT_TRUE(table.Find("other")->roles.Has(Role::kAdmin));
}

TEST(TokenTableTest, NeitherTheHashNorAPartOfATokenIsAToken) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const TokenTable table, TokenTable::Parse("radio infer " + DigestOf("secret")));
  for (const std::string& wrong :
       {DigestOf("secret"), std::string("secre"), std::string("secret "), std::string()}) {
    EXPECT_FALSE(table.Find(wrong).has_value()) << wrong;
  }
}

TEST(TokenTableTest, AClientMayHaveTwoTokensWhileTheyChange) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(
      const TokenTable table,
      TokenTable::Parse(absl::StrCat("radio infer ", DigestOf("old"), "\nradio infer ", DigestOf("new"))));
  EXPECT_EQ(table.Find("old")->client, "radio");
  EXPECT_EQ(table.Find("new")->client, "radio");
}

TEST(TokenTableTest, ABadLineIsNamedWithoutItsHash) {
  const std::string digest = DigestOf("secret");
  const std::pair<std::string, const char*> cases[] = {
      {"radio infer", "CLIENT ROLES SHA256 wanted, got 2 words"},
      {absl::StrCat("radio infer x ", digest), "got 4 words"},
      {absl::StrCat("radio singer ", digest), "a role is infer, train or admin, got 'singer'"},
      {absl::StrCat("radio infer ", digest.substr(1)), "64 lower-case hex digits"},
      {"radio infer secret", "64 lower-case hex digits"},
      {absl::StrCat("radio infer ", DigestOf("")), "an empty token"},
      {absl::StrCat(std::string(200, 'a'), " infer ", digest), "at most 128 characters"},
  };
  for (const auto& [line, what] : cases) {
    EXPECT_THAT(TokenTable::Parse("# first\n" + line),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr("line 2"), HasSubstr(what), Not(HasSubstr(digest.substr(1))))))
        << line;
  }
}

TEST(TokenTableTest, ATokenHasOneLine) {
  const std::string digest = DigestOf("secret");
  EXPECT_THAT(
      TokenTable::Parse(absl::StrCat("radio infer ", digest, "\nradio admin ", digest)),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("line 2: this SHA-256 is there already")));
}

}  // namespace
}  // namespace timbre::security
