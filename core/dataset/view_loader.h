#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/augment/chain.h"
#include "core/base/cancel_token.h"
#include "core/dataset/batch.h"
#include "core/dataset/clip_dataset.h"
#include "core/dataset/pair_sampler.h"

namespace timbre::dataset {

// Batches of augmented views, made ahead of time by worker threads.
// The batch of step k is crop + chain with the random stream (seed, k, track, view): any number of workers
// makes the same.
//   for each step: TIMBRE_ASSIGN_OR_RETURN(ViewBatch batch, loader->Next());
// Threads: Next from one thread. Lifetime: the destructor stops and joins the workers.
class ViewLoader {
 public:
  struct Options {
    PairSampler::Options sampler;
    augment::ChainConfig chain;
    int64_t first_step = 0;
    int workers = 1;
    int batches_ahead = 2;  // bound on what waits ready or is being made
  };

  // Errors: as PairSampler::Create and Chain::Create · kInvalidArgument workers or batches_ahead below 1,
  //   first_step below 0.
  static absl::StatusOr<std::unique_ptr<ViewLoader>> Start(std::shared_ptr<const ClipDataset> dataset,
                                                           const Options& options, base::CancelToken cancel);
  virtual ~ViewLoader() = default;

  // The batch of the next step, in order. Blocks until it is ready. Errors: the token's status.
  virtual absl::StatusOr<ViewBatch> Next() = 0;

  // How long Next has waited in all: the part of training that starves.
  virtual absl::Duration total_wait() const = 0;

  virtual int64_t steps_per_epoch() const = 0;
};

}  // namespace timbre::dataset
