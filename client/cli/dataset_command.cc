#include <timbre/v1/dataset_service.pb.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/job_text.h"
#include "client/cli/json.h"
#include "client/cli/name_checks.h"
#include "client/cli/table.h"
#include "client/cli/watch.h"
#include "client/cli/watch_view.h"
#include "client/dataset_upload.h"
#include "client/datasets.h"
#include "client/names.h"

namespace timbre::cli {
namespace {

std::string DatasetStateName(v1::DatasetState state) {
  return v1::DatasetState_Name(state).substr(sizeof("DATASET_STATE_") - 1);
}

std::string DatasetTable(const std::vector<v1::Dataset>& datasets) {
  Table table({"DATASET", "STATE", "CLIPS", "TRACKS", "LENGTH", "TAGS", "LEFT OUT", "CREATED"});
  for (size_t column = 2; column < 7; ++column) table.AlignRight(column);
  for (const v1::Dataset& dataset : datasets) {
    table.AddRow({client::ShortName(dataset.name()), DatasetStateName(dataset.state()),
                  absl::StrCat(dataset.clip_count()), absl::StrCat(dataset.track_count()),
                  FormatSeconds(dataset.audio_seconds()), absl::StrCat(dataset.tags_size()),
                  absl::StrCat(dataset.report().skipped_count()), FormatTime(dataset.create_time())});
  }
  return table.Render();
}

std::string DatasetText(const v1::Dataset& dataset) {
  std::string out = absl::StrCat(dataset.name(), "  ", DatasetStateName(dataset.state()), "\n");
  const auto line = [&out](const char* what, const std::string& value) {
    if (!value.empty()) absl::StrAppend(&out, absl::StrFormat("  %-9s %s\n", what, value));
  };
  const v1::IngestReport& report = dataset.report();
  line("folder", dataset.path());
  line("job", dataset.ingest_job());
  if (dataset.has_error()) line("error", dataset.error().message());
  line("clips", absl::StrFormat("%d of %d tracks, %s", dataset.clip_count(), dataset.track_count(),
                                FormatSeconds(dataset.audio_seconds())));
  if (report.decoded_count() + report.cached_count() > 0) {
    line("decoded",
         absl::StrFormat("%d files, %d from the cache", report.decoded_count(), report.cached_count()));
  }
  line("tags", absl::StrJoin(dataset.tags(), ", "));
  line("digest", dataset.digest());
  line("created", FormatTime(dataset.create_time()));
  if (report.rows_without_file_count() > 0 || report.files_without_row_count() > 0) {
    line("csv", absl::StrFormat("%d rows without a file, %d files without a row",
                                report.rows_without_file_count(), report.files_without_row_count()));
  }
  if (report.skipped_count() > 0) line("left out", absl::StrFormat("%d files", report.skipped_count()));
  for (const auto& skipped : report.skipped_files()) {
    absl::StrAppend(&out, "    ", skipped.path(), ": ", skipped.reason(), "\n");
  }
  return out;
}

// What create and upload have in common once the server has the data set: wait for the ingest if asked to,
// then print.
template <typename Response>
absl::StatusOr<ExitCode> FinishMaking(const Session& session, const client::Connection& connection,
                                      Response response, bool wait) {
  ExitCode code = ExitCode::kOk;
  if (wait) {
    auto job = WatchToEnd(session, connection, response.job());
    if (!job.ok()) return job.status();
    code = ExitCodeOf(job->state());
    auto dataset = client::GetDataset(connection, response.dataset().name());
    if (!dataset.ok()) return dataset.status();
    *response.mutable_dataset() = *std::move(dataset);
  }
  if (session.json) {
    session.console.out << ToJson(response);
  } else if (wait) {
    session.console.out << DatasetText(response.dataset());
  } else {
    session.console.out << response.dataset().name() << " is being read by " << response.job()
                        << "; watch it: timbre watch " << client::ShortName(response.job()) << "\n";
  }
  return code;
}

absl::StatusOr<ExitCode> Create(const Session& session, const v1::CreateDatasetRequest& request, bool wait) {
  const client::Connection connection = session.Connect();
  auto response = client::CreateDataset(connection, request);
  if (!response.ok()) return response.status();
  return FinishMaking(session, connection, *std::move(response), wait);
}

absl::StatusOr<ExitCode> Upload(const Session& session, client::UploadOptions options, bool wait) {
  const client::Connection connection = session.Connect();
  WatchView view(session.console, "upload");
  if (!session.json) {
    options.on_progress = [&](int64_t sent, int64_t total) {
      view.OnProgress({.title = absl::StrCat("upload of ", FormatBytes(total)), .done = sent, .total = total},
                      session.console.now());
    };
  }
  auto response = client::UploadDataset(connection, options);
  view.Close();
  if (!response.ok()) return response.status();
  return FinishMaking(session, connection, *std::move(response), wait);
}

absl::StatusOr<ExitCode> List(const Session& session) {
  auto datasets = client::ListDatasets(session.Connect());
  if (!datasets.ok()) return datasets.status();
  if (session.json) {
    v1::ListDatasetsResponse all;
    for (v1::Dataset& dataset : *datasets) *all.add_datasets() = std::move(dataset);
    session.console.out << ToJson(all);
  } else {
    session.console.out << DatasetTable(*datasets);
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Show(const Session& session, const std::string& name) {
  auto dataset = client::GetDataset(session.Connect(), name);
  if (!dataset.ok()) return dataset.status();
  session.console.out << (session.json ? ToJson(*dataset) : DatasetText(*dataset));
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Delete(const Session& session, const std::string& name) {
  if (absl::Status status = client::DeleteDataset(session.Connect(), name); !status.ok()) return status;
  session.console.out << (session.json ? ToJson(v1::DeleteDatasetResponse())
                                       : absl::StrCat(name, " is deleted\n"));
  return ExitCode::kOk;
}

struct MakeOptions {
  std::string id;
  std::string path;
  std::string pattern;
  bool wait = false;
};

void AddMakeOptions(CLI::App& command, MakeOptions& options) {
  command.add_option("name", options.id, "the new data set: [a-z][a-z0-9-]{0,62}")
      ->required()
      ->transform(LongName(client::DatasetId));
  command.add_option("--track-pattern", options.pattern,
                     "regular expression on the path whose first group is the track; else each file is one");
  command.add_flag("--wait", options.wait, "wait until all files are read, with a bar");
}

void AddCreate(CLI::App& group, Session& session) {
  auto options = std::make_shared<MakeOptions>();
  CLI::App* create = group.add_subcommand("create", "Make a data set of a folder on the server");
  AddMakeOptions(*create, *options);
  create->add_option("--path", options->path, "the folder, relative to the server's data root")->required();
  create->footer(Example("timbre dataset create songs --path music/pretrain --wait"));
  create->callback([&session, options] {
    session.command = [&session, options] {
      v1::CreateDatasetRequest request;
      request.set_dataset_id(options->id);
      request.set_path(options->path);
      request.set_track_id_pattern(options->pattern);
      return Create(session, request, options->wait);
    };
  });
}

void AddUpload(CLI::App& group, Session& session) {
  auto options = std::make_shared<MakeOptions>();
  CLI::App* upload = group.add_subcommand("upload", "Make a data set of a folder on this machine");
  AddMakeOptions(*upload, *options);
  upload->add_option("folder", options->path, "sent with all folders below it")->required();
  upload->footer(Example("timbre dataset upload songs ~/Music --wait"));
  upload->callback([&session, options] {
    session.command = [&session, options] {
      return Upload(
          session, {.dataset_id = options->id, .track_id_pattern = options->pattern, .folder = options->path},
          options->wait);
    };
  });
}

void AddByName(CLI::App& group, Session& session, const char* command_name, const char* help,
               absl::StatusOr<ExitCode> (*run)(const Session&, const std::string&)) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = group.add_subcommand(command_name, help);
  command->add_option("name", *name, "the data set")->required()->transform(LongName(client::DatasetName));
  command->footer(Example(absl::StrCat("timbre dataset ", command_name, " songs")));
  command->callback(
      [&session, name, run] { session.command = [&session, name, run] { return run(session, *name); }; });
}

}  // namespace

void AddDatasetCommand(CLI::App& app, Session& session) {
  CLI::App* group = app.add_subcommand("dataset", "Make and look at data sets");
  group->require_subcommand(0, 1);
  group->footer(Example("timbre dataset create songs --path music --wait"));
  AddCreate(*group, session);
  AddUpload(*group, session);
  CLI::App* list = group->add_subcommand("list", "List data sets");
  list->footer(Example("timbre dataset list"));
  list->callback([&session] { session.command = [&session] { return List(session); }; });
  AddByName(*group, session, "show", "Show a data set and which files were left out", Show);
  AddByName(*group, session, "delete", "Delete a data set; the files it was made of stay", Delete);
}

}  // namespace timbre::cli
