#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/cancel_token.h"
#include "core/dataset/clip_dataset.h"
#include "core/pipeline/open_encoder.h"
#include "core/probe/embedding_map.h"
#include "core/probe/label_fractions.h"
#include "core/probe/probe_config.h"
#include "core/probe/probe_result.h"
#include "core/registry/model_store.h"

namespace timbre::pipeline {

struct ProbeRunRequest {
  std::string job;
  std::string model;
  int64_t version = 0;
  EncoderOptions encoder;
  probe::ProbeConfig config;
};

struct ProbeProgress {
  std::string phase;  // "embed trained train", "embed trained test", "fit trained", "vote of neighbours",
                      // "fit label fractions", "embed untrained train", ..., "fit untrained", "log-mel
                      // train", "log-mel test", "fit log-mel"
  int64_t done = 0, total = 0;  // clips, epochs of all fits, or fractions
};

// A clip of the test set on the map.
struct MappedClip {
  std::string path;
  float x = 0, y = 0;
  std::vector<uint8_t> labels;  // [tags]
};

struct ClipMap {
  std::array<double, 2> explained_variance_ratios = {0, 0};
  std::vector<MappedClip> clips;
  int64_t test_clips = 0;
};

// What a probe found; optional where the config can turn it off.
struct ProbeFindings {
  std::vector<std::string> tags;
  probe::ProbeResult trained;
  std::optional<probe::ProbeResult> untrained;  // the same probe on an encoder with fresh weights, fp32
  std::optional<probe::ProbeResult> log_mel;    // the same probe on probe::LogMelStatistics
  std::optional<probe::ProbeResult> knn;        // neighbours in the trained encoder's space
  std::vector<probe::LabelFraction> label_fractions;
  std::optional<ClipMap> map;
  probe::BootstrapConfig bootstrap;
  int64_t test_tracks = 0;
};

struct ProbeRunResult {
  ProbeFindings findings;
  registry::Tagger
      tagger;  // attached to the version; without an id where the probe took another layer than it serves
};

// Makes the tagger's evaluation from the findings (the server's codec).
using EvaluationBytes = std::function<std::string(const ProbeFindings&)>;

// The recipe of a probe job: embed train and test, all windows of each labelled clip averaged, with the
// version's encoder in fp32; fit and judge a head, and attach it as a tagger. Beside it, as the config says:
// neighbours, label fractions and a map in the same space; and the same probe on an untrained encoder of the
// same architecture (seed: the config's) and on log-mel statistics, both with the better of raw and
// standardised features. `on_progress` is told about 20 times a phase and may be empty. Errors: kNotFound no
// such version · kFailedPrecondition data sets without or with different tags, or clips of
//   one track in both · as RunHeadProbe and the engine · the token's status, looked at before each batch
//   and epoch. Threads: blocks its caller, a job thread.
absl::StatusOr<ProbeRunResult> RunProbe(const ProbeRunRequest& request, const dataset::ClipDataset& train,
                                        const dataset::ClipDataset& test, registry::ModelStore& models,
                                        const base::CancelToken& cancel,
                                        const std::function<void(const ProbeProgress&)>& on_progress,
                                        const EvaluationBytes& evaluation_bytes);

}  // namespace timbre::pipeline
