#pragma once

#include <grpcpp/support/server_callback.h>

#include "core/base/cancel_token.h"
#include "core/jobs/job_store.h"
#include "core/jobs/scheduler.h"
#include "server/rpc/unary.h"
#include "timbre/v1/job_service.pb.h"

namespace timbre::services {

// What WatchJob needs. Lifetime: the references outlive the calls.
struct WatchDependencies {
  const jobs::JobStore& store;
  jobs::Scheduler& scheduler;
  const rpc::UnaryRunner& runner;
  base::CancelToken drain;
};

// Streams the events of one job: first what the store holds, then what is committed, in order and without a
// gap, because every event is read from the store by its sequence; ends when the job is over and its last
// event was sent. The reactor deletes itself.
grpc::ServerWriteReactor<v1::WatchJobResponse>* NewWatchJobReactor(const WatchDependencies& deps,
                                                                   grpc::CallbackServerContext* context,
                                                                   const v1::WatchJobRequest& request);

}  // namespace timbre::services
