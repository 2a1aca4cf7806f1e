#include "server/security/authenticator.h"
#include "tests/fuzz/targets.h"

namespace timbre::fuzz {
namespace {

// "secret" is ci's token.
constexpr char kTable[] = "ci infer,train 2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b\n";

security::TokenTable Table(std::string_view text) {
  auto table = security::TokenTable::Parse(text);
  if (!table.ok()) Require(!table.status().message().empty(), "an error says why");
  return table.ok() ? *std::move(table) : *security::TokenTable::Parse(kTable);
}

}  // namespace

// The first two bytes: how long the text of the tokens' file is; the rest is what a call shows in
// `authorization`.
void FuzzCredentials(Bytes bytes) {
  Input input(bytes);
  const std::string text = input.Text(input.Word() & 0xFFF);
  const std::string shown = input.Text(bytes.size());
  security::Authenticator known({.has_tokens = true});
  known.SetTokens(Table(text));
  (void)known.Identify({.authorization = shown});

  security::Authenticator ours({.has_tokens = true});
  ours.SetTokens(Table(kTable));
  const auto caller = ours.Identify({.authorization = shown});
  if (!caller.ok()) {
    Require(absl::IsUnauthenticated(caller.status()), "who is not known is unauthenticated");
    return;
  }
  Require(shown.size() >= 6 && shown.find("secret") != std::string::npos, "only the token opens");
  Require(caller->client == "ci", "a token is its client's");
  Require(!security::Authorize(*caller, "/timbre.v1.AdminService/Drain").ok(), "roles are not exceeded");
}

}  // namespace timbre::fuzz
