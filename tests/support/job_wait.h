#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "timbre/v1/job_service.grpc.pb.h"

namespace timbre::testing {

// The job as it is now.
inline v1::Job GetJob(v1::JobService::Stub& jobs, const std::string& name) {
  grpc::ClientContext context;
  v1::GetJobRequest request;
  request.set_name(name);
  v1::GetJobResponse response;
  const grpc::Status status = jobs.GetJob(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.job();
}

// Watches a job to its end; returns its events.
inline std::vector<v1::JobEvent> WatchToEnd(v1::JobService::Stub& jobs, const std::string& name,
                                            int64_t after_sequence = 0) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(110));
  v1::WatchJobRequest request;
  request.set_name(name);
  request.set_after_sequence(after_sequence);
  auto reader = jobs.WatchJob(&context, request);
  std::vector<v1::JobEvent> events;
  for (v1::WatchJobResponse response; reader->Read(&response);) events.push_back(response.event());
  const grpc::Status status = reader->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  return events;
}

// Waits for a job's end; returns it.
inline v1::Job WaitForJob(v1::JobService::Stub& jobs, const std::string& name) {
  WatchToEnd(jobs, name);
  return GetJob(jobs, name);
}

}  // namespace timbre::testing
