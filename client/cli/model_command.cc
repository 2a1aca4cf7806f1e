#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/json.h"
#include "client/cli/name_checks.h"
#include "client/cli/watch_view.h"
#include "client/model_transfer.h"
#include "client/models.h"
#include "client/names.h"

namespace timbre::cli {
namespace {

const std::map<std::string, v1::ExportFormat> kFormats = {{"timbre", v1::EXPORT_FORMAT_TIMBRE},
                                                          {"notebook", v1::EXPORT_FORMAT_NOTEBOOK},
                                                          {"clmr", v1::EXPORT_FORMAT_CLMR},
                                                          {"torchscript", v1::EXPORT_FORMAT_TORCHSCRIPT}};

template <typename Notes>
std::string NotesText(const Notes& notes) {
  std::string out;
  for (const std::string& note : notes) absl::StrAppend(&out, "  note      ", note, "\n");
  return out;
}

client::TransferProgress ShowProgress(const Session& session, WatchView& view, const char* what) {
  if (session.json) return nullptr;
  return [&session, &view, what](int64_t done, int64_t total) {
    view.OnProgress({.title = absl::StrCat(what, " of ", FormatBytes(total)), .done = done, .total = total},
                    session.console.now());
  };
}

absl::StatusOr<ExitCode> Import(const Session& session, client::ImportOptions options) {
  WatchView view(session.console, "import");
  options.on_progress = ShowProgress(session, view, "import");
  auto version = client::ImportModel(session.Connect(), options);
  view.Close();
  if (!version.ok()) return version.status();
  if (session.json) {
    session.console.out << ToJson(*version);
  } else {
    session.console.out << client::ShortVersion(version->name()) << " is imported\n  keys      "
                        << version->origin().key_naming() << "\n"
                        << NotesText(version->origin().notes()) << "  space     "
                        << version->embedding_space_id() << "\n";
  }
  return ExitCode::kOk;
}

std::string ExportedJson(const client::Exported& exported) {
  const nlohmann::json json = {{"path", exported.path.string()},
                               {"byte_count", exported.byte_count},
                               {"sha256", exported.sha256},
                               {"notes", exported.notes}};
  return json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

absl::StatusOr<ExitCode> Export(const Session& session, client::ExportOptions options) {
  WatchView view(session.console, "export");
  options.on_progress = ShowProgress(session, view, "export");
  auto exported = client::ExportModel(session.Connect(), options);
  view.Close();
  if (!exported.ok()) return exported.status();
  if (session.json) {
    session.console.out << ExportedJson(*exported);
  } else {
    session.console.out << exported->path.string() << " is written, " << FormatBytes(exported->byte_count)
                        << "\n"
                        << NotesText(exported->notes) << "  sha256    " << exported->sha256 << "\n";
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Delete(const Session& session, const std::string& name, bool force) {
  if (absl::Status status = client::DeleteModel(session.Connect(), name, force); !status.ok()) return status;
  session.console.out << (session.json ? ToJson(v1::DeleteModelResponse())
                                       : absl::StrCat(name, " is deleted\n"));
  return ExitCode::kOk;
}

void AddImport(CLI::App& group, Session& session) {
  auto options = std::make_shared<client::ImportOptions>();
  CLI::App* command = group.add_subcommand("import", "Make a version of a safetensors file of others");
  command->add_option("file", options->file, "Timbre's, the tutorial notebook's or CLMR's weights")
      ->required();
  command->add_option("--model", options->model, "the model that gets the version; made if new")
      ->required()
      ->transform(LongName(client::ModelName));
  command->footer(absl::StrCat(Example("timbre model import clmr.safetensors --model clmr"),
                               "\n\nFrom .pt and .ckpt: client/python/convert_checkpoint.py."));
  command->callback(
      [&session, options] { session.command = [&session, options] { return Import(session, *options); }; });
}

void AddExport(CLI::App& group, Session& session) {
  auto options = std::make_shared<client::ExportOptions>();
  CLI::App* command = group.add_subcommand("export", "Write a version as a file for other programs");
  command->add_option("version", options->model_version, "m/3 or models/m/versions/3")
      ->required()
      ->transform(LongName(client::ModelVersionName));
  command->add_option("path", options->path, "the file, or a folder that takes it")->required();
  command
      ->add_option("--format", options->format,
                   "safetensors with the keys of timbre, notebook or clmr; or torchscript")
      ->transform(OneOf(kFormats))
      ->default_str("timbre");
  command->footer(Example("timbre model export m/3 . --format torchscript"));
  command->callback(
      [&session, options] { session.command = [&session, options] { return Export(session, *options); }; });
}

absl::StatusOr<ExitCode> Derive(const Session& session, const std::string& name, const std::string& layer) {
  const auto version = client::DeriveVersion(session.Connect(), name, layer);
  if (!version.ok()) return version.status();
  session.console.out << (session.json
                              ? ToJson(*version)
                              : absl::StrCat(client::ShortVersion(version->name()), " serves ",
                                             version->embedding_layer(), ", ", version->embedding_dim(),
                                             " numbers\n  space     ", version->embedding_space_id(), "\n"));
  return ExitCode::kOk;
}

void AddDerive(CLI::App& group, Session& session) {
  auto name = std::make_shared<std::string>();
  auto layer = std::make_shared<std::string>();
  CLI::App* command =
      group.add_subcommand("derive", "Make a version that serves another layer of the same weights");
  command->add_option("version", *name, "m/3 or models/m/versions/3")
      ->required()
      ->transform(LongName(client::ModelVersionName));
  command->add_option("--layer", *layer, "encoder, projector.1, projector.2, ...")->required();
  command->footer(Example("timbre model derive m/3 --layer projector.1"));
  command->callback([&session, name, layer] {
    session.command = [&session, name, layer] { return Derive(session, *name, *layer); };
  });
}

void AddDelete(CLI::App& group, Session& session) {
  auto name = std::make_shared<std::string>();
  auto force = std::make_shared<bool>(false);
  CLI::App* command = group.add_subcommand("delete", "Delete a version with its taggers, or a whole model");
  command->add_option("name", *name, "m/3 for a version, m for the model with all its versions")
      ->required()
      ->transform(LongName(client::ModelOrVersionName));
  command->add_flag("--force", *force, "also what labels point to");
  command->footer(Example("timbre model delete m/3"));
  command->callback([&session, name, force] {
    session.command = [&session, name, force] { return Delete(session, *name, *force); };
  });
}

}  // namespace

void AddModelCommand(CLI::App& app, Session& session) {
  CLI::App* group = app.add_subcommand("model", "Import, export, derive and delete model versions");
  group->require_subcommand(0, 1);
  group->footer(Example("timbre model import clmr.safetensors --model clmr"));
  AddImport(*group, session);
  AddExport(*group, session);
  AddDerive(*group, session);
  AddDelete(*group, session);
}

}  // namespace timbre::cli
