#include "core/train/snapshot.h"

#include <sstream>

#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/status_macros.h"
#include "core/model/torch_guard.h"
#include "core/train/snapshot_frame.h"

namespace timbre::train {
namespace {

absl::Status Load(std::istringstream& stream, const std::string& fingerprint, Learner& learner,
                  Progress& progress) {
  torch::NoGradGuard no_grad;
  torch::serialize::InputArchive archive;
  archive.load_from(stream);
  c10::IValue config, step, first_loss;
  archive.read("fingerprint", config);
  if (config.toStringRef() != fingerprint) {
    return absl::DataLossError(
        "it belongs to another training config; start the job anew to train with this one");
  }
  archive.read("step", step);
  archive.read("first_loss", first_loss);
  torch::Tensor losses;
  archive.read("last_losses", losses, /*is_buffer=*/true);
  learner.Load(archive);
  progress.step = step.toInt();
  progress.first_loss = first_loss.toDouble();
  progress.last_losses.assign(losses.data_ptr<double>(), losses.data_ptr<double>() + losses.numel());
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteSnapshot(const std::filesystem::path& path, const std::string& fingerprint,
                           const Progress& progress, const Learner& learner) {
  std::ostringstream stream;
  TIMBRE_RETURN_IF_ERROR(model::TorchGuard("writing a snapshot", [&] {
    torch::NoGradGuard no_grad;
    torch::serialize::OutputArchive archive;
    archive.write("fingerprint", c10::IValue(fingerprint));
    archive.write("step", c10::IValue(progress.step));
    archive.write("first_loss", c10::IValue(progress.first_loss));
    archive.write("last_losses", torch::tensor(progress.last_losses, torch::kDouble), /*is_buffer=*/true);
    learner.Save(archive);
    archive.save_to(stream);
    return absl::OkStatus();
  }));
  return base::WriteFileAtomically(path, SealSnapshot(stream.str()));
}

absl::StatusOr<Progress> ReadSnapshot(const std::filesystem::path& path, const std::string& fingerprint,
                                      Learner& learner) {
  TIMBRE_ASSIGN_OR_RETURN(const std::string bytes, base::ReadFile(path));
  Progress progress;
  const absl::Status loaded = model::TorchGuard("reading a snapshot", [&]() -> absl::Status {
    TIMBRE_ASSIGN_OR_RETURN(const std::string_view archive, OpenSnapshot(bytes));
    std::istringstream stream{std::string(archive)};
    return Load(stream, fingerprint, learner, progress);
  });
  if (!loaded.ok()) {
    return absl::DataLossError(
        absl::StrCat("snapshot ", path.string(), " cannot be used: ", loaded.message()));
  }
  return progress;
}

}  // namespace timbre::train
