#include "absl/strings/str_format.h"
#include "client/cli/ask_files.h"
#include "client/cli/commands.h"
#include "client/cli/name_checks.h"
#include "client/cli/npy.h"
#include "client/cli/table.h"
#include "client/inference.h"
#include "client/inference_stream.h"
#include "client/names.h"

namespace timbre::cli {
namespace {

struct Options {
  AskOptions ask;
  std::string space;
  std::string out;
};

absl::StatusOr<v1::EmbedResponse> Ask(const client::Connection& connection, const Options& options,
                                      std::string bytes) {
  if (options.ask.stream) {
    v1::EmbedStreamConfig config;
    config.mutable_format()->mutable_encoded();
    config.set_model(options.ask.model);
    config.set_expect_space_id(options.space);
    auto response = client::EmbedStream(connection, config, client::ChunksOf(bytes, options.ask.chunk_bytes));
    if (response.ok() && !options.ask.windows) response->clear_windows();
    return response;
  }
  v1::EmbedRequest request;
  *request.mutable_audio()->mutable_encoded() = std::move(bytes);
  request.set_model(options.ask.model);
  request.set_expect_space_id(options.space);
  request.set_include_windows(options.ask.windows);
  return client::Embed(connection, request);
}

// Numbers of different spaces in one table would be compared sooner or later.
absl::Status CheckOneSpace(const std::vector<v1::EmbedResponse>& responses) {
  for (const auto& response : responses) {
    if (response.model().embedding_space_id() == responses.front().model().embedding_space_id()) continue;
    return absl::FailedPreconditionError(
        "another version was promoted meanwhile: the embeddings are of two spaces; run again, or name a "
        "version with --model");
  }
  return absl::OkStatus();
}

std::vector<std::vector<float>> Rows(const std::vector<v1::EmbedResponse>& responses, bool windows) {
  std::vector<std::vector<float>> rows;
  const auto add = [&rows](const v1::Embedding& embedding) {
    rows.emplace_back(embedding.values().begin(), embedding.values().end());
  };
  for (const auto& response : responses) {
    if (!windows) add(response.embedding());
    if (!windows) continue;
    for (const auto& window : response.windows()) add(window.embedding());
  }
  return rows;
}

std::string Text(const Options& options, const std::vector<v1::EmbedResponse>& responses) {
  Table table({"FILE", "SECONDS", "WINDOWS", "EMBEDDING"});
  table.AlignRight(1);
  table.AlignRight(2);
  for (size_t i = 0; i < responses.size(); ++i) {
    const auto& values = responses[i].embedding().values();
    std::string head;
    for (int k = 0; k < std::min(4, values.size()); ++k) absl::StrAppendFormat(&head, "%.4f ", values[k]);
    table.AddRow({options.ask.paths[i], absl::StrFormat("%.2f", responses[i].audio_seconds()),
                  absl::StrCat(responses[i].window_count()),
                  absl::StrCat(head, "... ", values.size(), " numbers")});
  }
  const v1::ModelInfo& model = responses.front().model();
  return absl::StrCat(table.Render(), "model ", model.model_version(), ", space ", model.embedding_space_id(),
                      "\n");
}

absl::StatusOr<ExitCode> Run(const Session& session, const Options& options) {
  const client::Connection connection = session.Connect();
  auto responses = AskAll<v1::EmbedResponse>(
      session, options.ask, [&](std::string bytes) { return Ask(connection, options, std::move(bytes)); });
  if (!responses.ok()) return responses.status();
  if (absl::Status status = CheckOneSpace(*responses); !status.ok()) return status;
  if (!options.out.empty()) {
    if (absl::Status status = WriteNpy(options.out, Rows(*responses, options.ask.windows)); !status.ok())
      return status;
  }
  session.console.out << (session.json ? FilesJson(options.ask.paths, *responses)
                                       : Text(options, *responses));
  return ExitCode::kOk;
}

}  // namespace

void AddEmbedCommand(CLI::App& app, Session& session) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("embed", "Turn audio files into embeddings");
  AddAskOptions(*command, options->ask, "each window's embedding too (2.678 s each)");
  command->add_option("--expect-space", options->space,
                      "fail unless the model's embedding space has this id");
  command->add_option("--out", options->out,
                      "write a NumPy file: float32 [files, dim], with --windows [windows, dim]");
  command->footer(Example("timbre embed clips/*.mp3 --out embeddings.npy"));
  command->callback(
      [&session, options] { session.command = [&session, options] { return Run(session, *options); }; });
}

}  // namespace timbre::cli
