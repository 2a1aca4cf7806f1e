#pragma once

#include <timbre/v1/job.pb.h>

#include <nlohmann/json.hpp>
#include <optional>

namespace timbre::report {

// A job's name, state and times: {"name", "kind", "display_name", "state", "error", "created", "started",
// "ended", "seconds", "restarts", "step", "step_count"}; null where unset.
nlohmann::json JobJson(const v1::Job& job);

// What a training was asked for and made: {"job": JobJson, "dataset", "model", "objective": "nt_xent",
// "batch_tracks", "seed", "chance_loss", "result": {...}}. Its curves are curves.h's.
nlohmann::json TrainingJson(const v1::Job& job);

// The loss of an encoder that learned nothing: ln(2N - 1) for NT-Xent on N tracks; nullopt for objectives
// that have no such value, or where other clips of a track are no negatives.
std::optional<double> ChanceLoss(const v1::TrainingConfig& config);

}  // namespace timbre::report
