#include <numeric>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/ask_files.h"
#include "client/cli/commands.h"
#include "client/cli/name_checks.h"
#include "client/cli/table.h"
#include "client/inference.h"
#include "client/inference_stream.h"
#include "client/names.h"

namespace timbre::cli {
namespace {

struct Options {
  AskOptions ask;
  std::string tagger;
  int top = 5;
};

void KeepTop(v1::TagResponse& response, int top) {
  if (top > 0 && response.tags_size() > top) {
    response.mutable_tags()->DeleteSubrange(top, response.tags_size() - top);
  }
}

absl::StatusOr<v1::TagResponse> Ask(const client::Connection& connection, const Options& options,
                                    std::string bytes) {
  if (options.ask.stream) {
    v1::TagStreamConfig config;
    config.mutable_format()->mutable_encoded();
    config.set_model(options.ask.model);
    config.set_tagger(options.tagger);
    auto response = client::TagStream(connection, config, client::ChunksOf(bytes, options.ask.chunk_bytes));
    if (!response.ok()) return response;
    KeepTop(*response, options.top);
    if (!options.ask.windows) response->clear_windows();
    return response;
  }
  v1::TagRequest request;
  *request.mutable_audio()->mutable_encoded() = std::move(bytes);
  request.set_model(options.ask.model);
  request.set_tagger(options.tagger);
  request.set_top_count(options.top);
  request.set_include_windows(options.ask.windows);
  return client::Tag(connection, request);
}

std::string WindowLine(const v1::TagResponse& response, const v1::WindowTags& window, int top) {
  std::vector<int> order(
      static_cast<size_t>(std::min(window.probabilities_size(), response.tag_order_size())));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return window.probabilities(a) > window.probabilities(b); });
  if (top > 0 && order.size() > static_cast<size_t>(top)) order.resize(static_cast<size_t>(top));
  return absl::StrFormat("  %7.2f to %7.2f s  ", window.time().start_seconds(), window.time().end_seconds()) +
         absl::StrJoin(order, ", ", [&](std::string* out, int i) {
           absl::StrAppendFormat(out, "%s %.2f", response.tag_order(i), window.probabilities(i));
         });
}

std::string Text(const Options& options, const std::vector<v1::TagResponse>& responses) {
  std::string out;
  bool any_predicted = false;
  for (size_t i = 0; i < responses.size(); ++i) {
    const v1::TagResponse& response = responses[i];
    absl::StrAppendFormat(&out, "%s  (%.2f s)\n", options.ask.paths[i], response.audio_seconds());
    for (const auto& score : response.tags()) {
      absl::StrAppendFormat(&out, "  %.3f  %s%s\n", score.probability(), score.tag(),
                            score.predicted() ? " *" : "");
      any_predicted |= score.predicted();
    }
    for (const auto& window : response.windows())
      absl::StrAppend(&out, WindowLine(response, window, options.top), "\n");
  }
  return absl::StrCat(out, "tagger ", responses.front().tagger(),
                      any_predicted ? "; * at or above its threshold\n" : "\n");
}

absl::StatusOr<ExitCode> Run(const Session& session, const Options& options) {
  const client::Connection connection = session.Connect();
  auto responses = AskAll<v1::TagResponse>(
      session, options.ask, [&](std::string bytes) { return Ask(connection, options, std::move(bytes)); });
  if (!responses.ok()) return responses.status();
  session.console.out << (session.json ? FilesJson(options.ask.paths, *responses)
                                       : Text(options, *responses));
  return ExitCode::kOk;
}

}  // namespace

void AddTagCommand(CLI::App& app, Session& session) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("tag", "Score audio files with the tags that a probe taught");
  AddAskOptions(*command, options->ask, "each window's scores too (2.678 s each)");
  command->add_option("--tagger", options->tagger, "m/3/t; else the version's newest")
      ->transform(LongName(client::TaggerName));
  command->add_option("--top", options->top, "so many tags; 0: all")
      ->check(AtLeast(0))
      ->capture_default_str();
  command->footer(Example("timbre tag song.mp3 --top 5"));
  command->callback(
      [&session, options] { session.command = [&session, options] { return Run(session, *options); }; });
}

}  // namespace timbre::cli
