#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <functional>
#include <memory>

#include "server/app/app.h"
#include "server/app/settings.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"
#include "timbre/v1/admin_service.grpc.pb.h"
#include "timbre/v1/dataset_service.grpc.pb.h"
#include "timbre/v1/inference_service.grpc.pb.h"
#include "timbre/v1/job_service.grpc.pb.h"
#include "timbre/v1/model_service.grpc.pb.h"

namespace timbre::testing {

// The whole server in this process, on a free port, with folders of its own.
class InProcessServer {
 public:
  InProcessServer() {
    settings_.listen_address = "127.0.0.1:0";
    settings_.metrics_address.clear();
    settings_.state_dir = folder_.path() / "state";
    settings_.data_root = folder_.path() / "data";
    settings_.device = "cpu";
    settings_.compute_threads = 2;
    settings_.engine = "torch";  // the CPU engine measures the machine for each state folder
    settings_.drain_grace = absl::Seconds(10);
    std::filesystem::create_directories(settings_.data_root);
  }

  // Change it before Start.
  app::Settings& settings() { return settings_; }
  const std::filesystem::path& data_root() const { return settings_.data_root; }
  const std::filesystem::path& state_dir() const { return settings_.state_dir; }

  // `end`: as App::Start's.
  void Start(std::function<void()> end = {}) {
    TIMBRE_ASSERT_OK_AND_ASSIGN(app_, app::App::Start(settings_, std::move(end)));
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    // Each server its own connection, also after a restart on the same port.
    arguments.SetInt("timbre.test.channel", ++starts_);
    channel_ = grpc::CreateCustomChannel(app_->address(), grpc::InsecureChannelCredentials(), arguments);
    inference = v1::InferenceService::NewStub(channel_);
    jobs = v1::JobService::NewStub(channel_);
    datasets = v1::DatasetService::NewStub(channel_);
    models = v1::ModelService::NewStub(channel_);
    admin = v1::AdminService::NewStub(channel_);
  }

  // Drains and ends it; the folders stay for the next Start.
  void Stop() { app_.reset(); }

  app::App& app() { return *app_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  std::unique_ptr<v1::InferenceService::Stub> inference;
  std::unique_ptr<v1::JobService::Stub> jobs;
  std::unique_ptr<v1::DatasetService::Stub> datasets;
  std::unique_ptr<v1::ModelService::Stub> models;
  std::unique_ptr<v1::AdminService::Stub> admin;

 private:
  TempDir folder_;
  app::Settings settings_;
  int starts_ = 0;
  std::unique_ptr<app::App> app_;
  std::shared_ptr<grpc::Channel> channel_;
};

// A unary call with a bound, so that a test that would hang fails: Call(*server.jobs,
// &JobService::Stub::GetJob, request, &response).
template <typename Stub, typename Request, typename Response>
grpc::Status Call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                  const Request& request, Response* response) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  return (stub.*method)(&context, request, response);
}

}  // namespace timbre::testing
