#include <gmock/gmock.h>
#include <timbre/v1/dataset_service.grpc.pb.h>
#include <timbre/v1/job_service.grpc.pb.h>
#include <timbre/v1/model_service.grpc.pb.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "client/cli/app.h"
#include "tests/client/report_messages.h"
#include "tests/client/test_server.h"
#include "tests/support/temp_dir.h"

namespace timbre::cli {
namespace {

using ::testing::HasSubstr;

template <typename Value>
grpc::Status Find(const std::map<std::string, Value>& values, const std::string& name, Value* out) {
  const auto found = values.find(name);
  if (found == values.end()) return {grpc::StatusCode::NOT_FOUND, "no " + name};
  *out = found->second;
  return grpc::Status::OK;
}

class StoredJobs : public v1::JobService::Service {
 public:
  std::map<std::string, v1::Job> jobs;
  std::vector<v1::JobEvent> events;
  // A stream stays open after the last event, as that of a job that runs does.
  bool running = false;

  grpc::Status GetJob(grpc::ServerContext* /*context*/, const v1::GetJobRequest* request,
                      v1::GetJobResponse* response) override {
    return Find(jobs, request->name(), response->mutable_job());
  }
  grpc::Status WatchJob(grpc::ServerContext* context, const v1::WatchJobRequest* request,
                        grpc::ServerWriter<v1::WatchJobResponse>* writer) override {
    v1::WatchJobResponse response;
    for (const v1::JobEvent& event : events) {
      if (event.sequence() <= request->after_sequence()) continue;
      *response.mutable_event() = event;
      writer->Write(response);
    }
    // The next events, until the client has enough.
    for (int64_t sequence = static_cast<int64_t>(events.size()) + 1; running && !context->IsCancelled();
         ++sequence) {
      *response.mutable_event() = report::ProgressEvent(sequence);
      response.mutable_event()->set_sequence(sequence);
      if (!writer->Write(response)) break;
    }
    return grpc::Status::OK;
  }
};

class StoredModels : public v1::ModelService::Service {
 public:
  std::map<std::string, v1::Model> models;
  grpc::Status GetModel(grpc::ServerContext* /*context*/, const v1::GetModelRequest* request,
                        v1::GetModelResponse* response) override {
    return Find(models, request->name(), response->mutable_model());
  }
};

class StoredDatasets : public v1::DatasetService::Service {
 public:
  std::map<std::string, v1::Dataset> datasets;
  grpc::Status GetDataset(grpc::ServerContext* /*context*/, const v1::GetDatasetRequest* request,
                          v1::GetDatasetResponse* response) override {
    return Find(datasets, request->name(), response->mutable_dataset());
  }
};

class ReportCommandTest : public ::testing::Test {
 protected:
  ReportCommandTest() {
    jobs_.events = report::TrainingEvents();
    jobs_.jobs["jobs/probe-1"] = report::ProbeJob();
    jobs_.jobs["jobs/train-1"] = report::TrainingJob();
    jobs_.jobs["jobs/train-1"].set_last_sequence(jobs_.events.back().sequence());
    v1::Model& model = models_.models["models/m"];
    model.add_versions()->set_name("models/m/versions/2");
    *model.add_versions() = report::ReportVersion();
    for (const char* name : {"datasets/songs", "datasets/labelled", "datasets/held-out"})
      datasets_.datasets[name] = report::ReportDataset(name);
  }

  int Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--server", server_.address()});
    out_.str("");
    err_.str("");
    Console console{.out = out_, .err = err_};
    console.now = [] { return absl::UnixEpoch(); };
    return RunApp(arguments, console);
  }

  nlohmann::json DocumentOf(const std::string& job) {
    EXPECT_EQ(Run({"report", job, "-o", file_, "--json"}), 0) << err_.str();
    return nlohmann::json::parse(out_.str());
  }

  StoredJobs jobs_;
  StoredModels models_;
  StoredDatasets datasets_;
  client::TestServer server_{&jobs_, &models_, &datasets_};
  testing::TempDir folder_;
  const std::string file_ = folder_ / "r.html";
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(ReportCommandTest, AProbesReportHasTheCurvesOfItsEncodersTraining) {
  EXPECT_EQ(Run({"report", "probe-1", "-o", file_}), 0) << err_.str();
  EXPECT_EQ(out_.str(), "wrote " + file_ + "\n");
  std::ifstream in(file_);
  const std::string page{std::istreambuf_iterator<char>(in), {}};
  EXPECT_THAT(page, HasSubstr("<title>Probe of m/3 "));
  const nlohmann::json document = DocumentOf("probe-1");
  EXPECT_EQ(document["training"]["job"]["name"], "jobs/train-1");
  EXPECT_EQ(document["curves"]["steps"].size(), 400u);
  EXPECT_EQ(document["datasets"].size(), 3u);
  EXPECT_EQ(document["model_version"]["space_id"], "3c1f2a9b77d0e4aa");
  EXPECT_TRUE(document["notes"].empty());
}

TEST_F(ReportCommandTest, ATrainingThatRunsIsReportedUpToNow) {
  jobs_.running = true;
  v1::Job& job = jobs_.jobs["jobs/train-1"];
  job.set_state(v1::JOB_STATE_RUNNING);
  job.clear_ssl_training_result();
  const nlohmann::json document = DocumentOf("train-1");
  EXPECT_EQ(document["title"], "Training of m");
  EXPECT_EQ(document["curves"]["steps"].back(), 400);
  EXPECT_FALSE(document.contains("probe"));
}

TEST_F(ReportCommandTest, WhatWasDeletedSinceIsNamedAndLeftOut) {
  jobs_.jobs.erase("jobs/train-1");
  datasets_.datasets.erase("datasets/labelled");
  const nlohmann::json document = DocumentOf("probe-1");
  EXPECT_FALSE(document.contains("curves"));
  EXPECT_EQ(document["datasets"].size(), 1u);
  EXPECT_EQ(document["notes"].size(), 2u);
  EXPECT_EQ(Run({"report", "probe-1", "-o", file_}), 0);
  EXPECT_THAT(err_.str(), HasSubstr("note: jobs/train-1 is not there any more: its curves are left out."));
}

TEST_F(ReportCommandTest, AnIngestHasNoReportAndNoFileIsWritten) {
  v1::Job& job = jobs_.jobs["jobs/ingest-1"];
  job.mutable_ingest()->set_dataset("datasets/songs");
  EXPECT_EQ(Run({"report", "ingest-1", "-o", file_}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("jobs/ingest-1 is neither a training nor a probe"));
  EXPECT_EQ(Run({"report", "nothing", "-o", file_}), 3);
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(ReportCommandTest, AFolderThatIsNotThereIsNamed) {
  EXPECT_EQ(Run({"report", "probe-1", "-o", folder_ / "no" / "r.html"}), 3);
  EXPECT_THAT(err_.str(), HasSubstr("its folder is not there; make it first"));
}

}  // namespace
}  // namespace timbre::cli
