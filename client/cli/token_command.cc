#include <openssl/rand.h>

#include <array>
#include <memory>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/cli/json.h"
#include "client/sha256.h"

namespace timbre::cli {
namespace {

constexpr size_t kTokenBytes = 32;

struct Options {
  std::string client;
  std::vector<std::string> roles;
};

absl::StatusOr<std::string> NewToken() {
  std::array<unsigned char, kTokenBytes> bytes;
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return absl::InternalError("the system has no random numbers");
  }
  return absl::StrCat("timbre_", absl::WebSafeBase64Escape(absl::string_view(
                                     reinterpret_cast<const char*>(bytes.data()), bytes.size())));
}

absl::StatusOr<ExitCode> MakeToken(const Session& session, const Options& options) {
  const absl::StatusOr<std::string> token = NewToken();
  if (!token.ok()) return token.status();
  client::Sha256 sha256;
  sha256.Update(*token);
  const std::string line =
      absl::StrCat(options.client, " ", absl::StrJoin(options.roles, ","), " ", sha256.HexDigest());
  if (session.json) {
    session.console.out << "{\"token\": \"" << *token << "\", \"line\": \"" << line << "\"}\n";
  } else {
    session.console.out << "token, for the client (it is shown only now):\n  " << *token
                        << "\nline, for the server's tokens_file:\n  " << line << "\n";
  }
  return ExitCode::kOk;
}

}  // namespace

void AddTokenCommand(CLI::App& app, Session& session) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("token", "Make a bearer token, and the line by which a server knows it");
  command->add_option("CLIENT", options->client, "name under which the client counts for quotas and logs")
      ->required()
      ->check([](const std::string& name) {
        const bool good =
            !name.empty() && name.size() <= 128 && name.find_first_of(" \t\r\n#\"\\") == std::string::npos;
        return good ? "" : "at most 128 characters, without blanks, #, quotes and backslashes";
      });
  command
      ->add_option("ROLES", options->roles,
                   "infer, train (also infers) or admin (does all); several by commas")
      ->required()
      ->delimiter(',')
      ->check(CLI::IsMember({"infer", "train", "admin"}));
  command->footer(Example("timbre token radio-app infer"));
  command->callback([&session, options] {
    session.offline = true;
    session.command = [&session, options] { return MakeToken(session, *options); };
  });
}

}  // namespace timbre::cli
