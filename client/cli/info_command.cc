#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/json.h"
#include "client/inference.h"
#include "client/names.h"

namespace timbre::cli {
namespace {

double Seconds(const google::protobuf::Duration& duration) {
  return static_cast<double>(duration.seconds()) + duration.nanos() * 1e-9;
}

std::string LimitsText(const v1::Limits& limits) {
  return absl::StrFormat(
      "limits\n  message   %s\n  audio     %g s to %s\n  channels  %d\n  rate      %d to %d Hz\n  deadline  "
      "%s\n"
      "  queue     %d windows\n  stream    %s encoded\n  upload    %s\n  model     %s\n",
      FormatBytes(limits.max_message_bytes()), Seconds(limits.min_audio_duration()),
      FormatSeconds(Seconds(limits.max_audio_duration())), limits.max_channel_count(),
      limits.min_sample_rate_hz(), limits.max_sample_rate_hz(),
      FormatSeconds(Seconds(limits.default_deadline())), limits.queue_capacity_windows(),
      FormatBytes(limits.max_encoded_stream_bytes()), FormatBytes(limits.max_upload_bytes()),
      FormatBytes(limits.max_model_upload_bytes()));
}

std::string InfoText(const v1::GetInfoResponse& info) {
  std::string out = absl::StrCat("timbred ", info.version(), "\n  build     ", info.build(), "\n  engine    ",
                                 info.engine(), "\n  device    ", info.device(), "\n");
  absl::StrAppend(&out, "  you are   ", info.caller().client(), ", and may ",
                  absl::StrJoin(info.caller().roles(), ", "), "\n");
  out += LimitsText(info.limits());
  out +=
      info.served_models_size() > 0 ? "models\n" : "no model is served yet: timbre promote MODEL_VERSION\n";
  for (const v1::ServedModel& served : info.served_models()) {
    absl::StrAppend(&out, "  ", client::ShortVersion(served.model().model_version()), "  ",
                    absl::StrJoin(served.labels(), ","), "  ", served.model().embedding_dim(), " numbers  ",
                    served.model().embedding_space_id());
    if (!served.default_tagger().empty())
      absl::StrAppend(&out, "  tagger ", client::ShortName(served.default_tagger()));
    out += "\n";
  }
  return out;
}

absl::StatusOr<ExitCode> Info(const Session& session) {
  auto info = client::GetInfo(session.Connect());
  if (!info.ok()) return info.status();
  session.console.out << (session.json ? ToJson(*info) : InfoText(*info));
  return ExitCode::kOk;
}

}  // namespace

void AddInfoCommand(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("info", "Show the server's version, limits and served models");
  command->footer(Example("timbre info --server 127.0.0.1:50051"));
  command->callback([&session] { session.command = [&session] { return Info(session); }; });
}

}  // namespace timbre::cli
