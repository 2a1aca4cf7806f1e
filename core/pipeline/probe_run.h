#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/cancel_token.h"
#include "core/dataset/clip_dataset.h"
#include "core/engine/encoder.h"
#include "core/probe/linear_probe.h"
#include "core/registry/model_registry.h"
#include "core/registry/model_store.h"

namespace timbre::pipeline {

struct ProbeRunRequest {
  std::string job;
  std::string model;
  int64_t version = 0;
  std::string device = "auto";
  probe::ProbeConfig config;
};

struct ProbeProgress {
  std::string phase;       // "embed trained train", "embed trained test", "embed untrained train", ..., "fit trained", "fit untrained"
  int64_t done = 0, total = 0;
};

struct ProbeRunResult {
  probe::ProbeResult trained;
  probe::ProbeResult untrained;      // the same probe on an encoder with fresh weights, fp32
  registry::Tagger tagger;           // attached to the version
};

// The recipe of a probe job: embed train and test with the version's encoder and with an untrained one, fit and judge both heads, attach the
// trained one as a tagger. `evaluation_bytes` makes the tagger's evaluation from both results (the server's codec).
// Errors: kFailedPrecondition data sets without or with different tags, or clips of one track in both · as RunLinearProbe · the token's status.
absl::StatusOr<ProbeRunResult> RunProbe(
    const ProbeRunRequest& request, const dataset::ClipDataset& train, const dataset::ClipDataset& test,
    registry::ModelStore& models, const base::CancelToken& cancel,
    const std::function<void(const ProbeProgress&)>& on_progress,
    const std::function<std::string(const probe::ProbeResult& trained, const probe::ProbeResult& untrained)>& evaluation_bytes);

}  // namespace timbre::pipeline
