#pragma once

// What embed and tag share: one call per file, several in flight.

#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/in_flight.h"
#include "client/cli/json.h"
#include "client/cli/session.h"
#include "client/folder.h"
#include "client/status.h"

namespace timbre::cli {

struct AskOptions {
  std::vector<std::string> paths = {};
  int in_flight = 4;
  std::string model = {};
  bool windows = false;  // each window's answer too
  bool stream = false;
  int chunk_bytes = 64 << 10;  // with stream
};

// The files and options of such a command; `options` outlives it.
void AddAskOptions(CLI::App& command, AskOptions& options, const std::string& windows_help);

// The file's name before what is wrong with it, unless that begins with it or is not the file's fault.
inline absl::Status OfFile(const std::string& path, const AskOptions& options, const absl::Status& status) {
  if (absl::StartsWith(status.message(), path) || absl::IsUnavailable(status)) return status;
  const bool too_large = !options.stream && absl::StrContains(status.message(), "message larger than max");
  absl::Status named(status.code(), absl::StrCat(path, ": ", status.message(),
                                                 too_large ? "; --stream sends a file in chunks" : ""));
  status.ForEachPayload(
      [&](absl::string_view url, const absl::Cord& payload) { named.SetPayload(url, payload); });
  return named;
}

// Reads each file and asks. All files are tried; where there are several, each that failed is named on `err`.
// Errors: of one file, its own; of several, how many failed, with the code of the first.
template <typename Response, typename Ask>
absl::StatusOr<std::vector<Response>> AskAll(const Session& session, const AskOptions& options, Ask ask) {
  std::vector<absl::StatusOr<Response>> answers(options.paths.size());
  RunInFlight(options.paths.size(), options.in_flight, [&](size_t i) {
    auto bytes = client::ReadFile(options.paths[i]);
    answers[i] = bytes.ok() ? ask(*std::move(bytes)) : absl::StatusOr<Response>(bytes.status());
  });
  std::vector<Response> responses;
  std::vector<absl::Status> failures;
  for (size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].ok()) {
      responses.push_back(*std::move(answers[i]));
    } else {
      failures.push_back(OfFile(options.paths[i], options, answers[i].status()));
    }
  }
  if (failures.empty()) return responses;
  if (answers.size() == 1) return failures.front();
  for (const absl::Status& failure : failures) session.console.err << client::Describe(failure) << "\n";
  return absl::Status(failures.front().code(), absl::StrCat(failures.size(), " of ", answers.size(),
                                                            " files failed, so nothing is shown or written",
                                                            responses.empty() ? "" : "; leave them out"));
}

template <typename Response>
std::string FilesJson(const std::vector<std::string>& paths, const std::vector<Response>& responses) {
  std::vector<std::pair<std::string, const google::protobuf::Message*>> files;
  for (size_t i = 0; i < paths.size(); ++i) files.emplace_back(paths[i], &responses[i]);
  return FilesToJson(files);
}

}  // namespace timbre::cli
