#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/cancel_token.h"
#include "core/dataset/clip_dataset.h"
#include "core/probe/linear_probe.h"
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
  std::string phase;  // "embed trained train", "embed trained test", "embed untrained train", ..., "fit
                      // trained", "fit untrained"
  int64_t done = 0, total = 0;  // clips, or epochs of both fits
};

struct ProbeRunResult {
  probe::ProbeResult trained;
  probe::ProbeResult untrained;  // the same probe on an encoder with fresh weights, fp32
  registry::Tagger tagger;       // attached to the version
};

// Makes the tagger's evaluation from both results (the server's codec).
using EvaluationBytes =
    std::function<std::string(const probe::ProbeResult& trained, const probe::ProbeResult& untrained)>;

// The recipe of a probe job: embed train and test, all windows of each labelled clip averaged, with the
// version's encoder and with an untrained one of the same architecture (seed: the config's), both in fp32;
// fit and judge both heads; attach the trained one as a tagger. `on_progress` is told about 20 times a phase
// and may be empty. Errors: kNotFound no such version · kFailedPrecondition data sets without or with
// different tags, or clips of
//   one track in both · as RunLinearProbe and the engine · the token's status, looked at before each batch
//   and epoch. Threads: blocks its caller, a job thread.
absl::StatusOr<ProbeRunResult> RunProbe(const ProbeRunRequest& request, const dataset::ClipDataset& train,
                                        const dataset::ClipDataset& test, registry::ModelStore& models,
                                        const base::CancelToken& cancel,
                                        const std::function<void(const ProbeProgress&)>& on_progress,
                                        const EvaluationBytes& evaluation_bytes);

}  // namespace timbre::pipeline
