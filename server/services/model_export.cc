#include "server/services/model_export.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/status_macros.h"
#include "core/model/torchscript.h"
#include "core/weights/checkpoint.h"
#include "core/weights/served_form.h"
#include "server/convert/field_errors.h"
#include "server/convert/names.h"

namespace timbre::services {
namespace {

struct Format {
  std::optional<weights::KeyNaming> naming;  // none: TorchScript
  const char* suffix;
};

absl::StatusOr<Format> FormatOf(v1::ExportFormat format) {
  switch (format) {
    case v1::EXPORT_FORMAT_UNSPECIFIED:
    case v1::EXPORT_FORMAT_TIMBRE:
      return Format{weights::KeyNaming::kTimbre, ".safetensors"};
    case v1::EXPORT_FORMAT_NOTEBOOK:
      return Format{weights::KeyNaming::kNotebook, ".notebook.safetensors"};
    case v1::EXPORT_FORMAT_CLMR:
      return Format{weights::KeyNaming::kClmr, ".clmr.safetensors"};
    case v1::EXPORT_FORMAT_TORCHSCRIPT:
      return Format{std::nullopt, ".torchscript.pt"};
    default:
      break;
  }
  convert::FieldErrors errors;
  errors.Add("format", absl::StrCat("is ", static_cast<int>(format),
                                    "; it must be TIMBRE, NOTEBOOK, CLMR or TORCHSCRIPT"));
  return errors.ToStatus();
}

// What an import takes back, and the version's name for people.
std::map<std::string, std::string> Metadata(const registry::Version& version) {
  std::map<std::string, std::string> metadata = weights::ServedFormToMetadata(version.card);
  metadata["timbre.model_version"] = convert::VersionNameOf(version.model, version.version);
  return metadata;
}

}  // namespace

absl::StatusOr<ExportedFile> WriteExport(const registry::ModelStore& models,
                                         const v1::ExportModelRequest& request,
                                         const std::filesystem::path& path) {
  TIMBRE_ASSIGN_OR_RETURN(const convert::VersionName name,
                          convert::ParseVersionName(request.model_version()));
  TIMBRE_ASSIGN_OR_RETURN(const Format format, FormatOf(request.format()));
  TIMBRE_ASSIGN_OR_RETURN(const registry::Version version, models.GetVersion(name.model, name.version));
  TIMBRE_ASSIGN_OR_RETURN(const weights::TensorMap encoder, models.ReadEncoder(name.model, name.version));
  TIMBRE_ASSIGN_OR_RETURN(const weights::TensorMap projector, models.ReadProjector(name.model, name.version));
  ExportedFile file;
  file.file_name = absl::StrCat(name.model, "-", name.version, format.suffix);
  if (!format.naming) {
    file.notes.push_back(absl::StrCat(
        "the file holds the encoder alone, its output as it is: layer 'encoder' of version ", name.version));
    TIMBRE_RETURN_IF_ERROR(model::WriteTorchScript(encoder, path));
    return file;
  }
  if (projector.empty())
    file.notes.push_back(
        absl::StrCat("version ", name.version, " has no projector: the file holds the encoder alone"));
  const weights::TensorMap named = weights::NameTensors(encoder, projector, *format.naming);
  TIMBRE_ASSIGN_OR_RETURN(
      const std::string bytes,
      weights::SerializeTensors(named, Metadata(version), weights::CounterKeys(named, *format.naming)));
  TIMBRE_RETURN_IF_ERROR(base::WriteFileAtomically(path, bytes));
  return file;
}

}  // namespace timbre::services
