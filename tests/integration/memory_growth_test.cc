// A server that works all day must not grow: the same work again and again, and its memory after each round.
// Whether the measure would notice a leak is shown by a server that is made to leak.
#include "tests/support/job_wait.h"
#include "tests/support/process_memory.h"
#include "tests/support/published_model.h"
#include "tests/support/rpc_status.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_corpus.h"
#include "timbre/v1/dataset_service.grpc.pb.h"
#include "timbre/v1/inference_service.grpc.pb.h"

namespace timbre {
namespace {

using testing::IsRpcOk;

// Until a steady stretch is found, at most so many; as many are given to the control to look steady.
constexpr int kMostRounds = 60, kControlRounds = 16;
// Of one round: the allocator's own unrest stays far below, the forgotten files of the control far above.
constexpr double kMostBytesPerRound = 128 << 10;

constexpr char kConfig[] = "compute_threads: 1 inference { decode_threads: 1 } log_level: 'warn'";

class Work {
 public:
  explicit Work(const testing::ServerProcess& server)
      : inference_(v1::InferenceService::NewStub(server.channel())),
        jobs_(v1::JobService::NewStub(server.channel())),
        datasets_(v1::DatasetService::NewStub(server.channel())),
        flac_(Encoded(server, SF_FORMAT_FLAC | SF_FORMAT_PCM_16)),
        ogg_(Encoded(server, SF_FORMAT_OGG | SF_FORMAT_VORBIS)) {}

  void CreateDataset() {
    v1::CreateDatasetRequest request;
    request.set_dataset_id("d");
    request.set_path("d");
    v1::CreateDatasetResponse response;
    grpc::ClientContext context;
    ASSERT_THAT(datasets_->CreateDataset(&context, request, &response), IsRpcOk());
    ASSERT_EQ(testing::WaitForJob(*jobs_, response.job()).state(), v1::JOB_STATE_SUCCEEDED);
  }

  void Round() {
    for (const std::string* bytes : {&flac_, &ogg_, &flac_, &ogg_}) EXPECT_THAT(Embed(*bytes), IsRpcOk());
    Tag();
    Stream();
    for (size_t cut = 1; cut <= 8; ++cut) {
      EXPECT_FALSE(Embed(flac_.substr(0, flac_.size() * cut / 10)).ok());
      EXPECT_FALSE(Embed(std::string(1000 * cut, 'x')).ok());
    }
    SubmitAndCancel();
  }

 private:
  static std::string Encoded(const testing::ServerProcess& server, int format) {
    const std::filesystem::path path = server.state_dir().parent_path() / "tone";
    testing::WriteAudio(path, testing::Sine(440, 0.5, 8000), 22050, 1, format);
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  grpc::Status Embed(const std::string& bytes) {
    v1::EmbedRequest request;
    request.mutable_audio()->set_encoded(bytes);
    v1::EmbedResponse response;
    grpc::ClientContext context;
    return inference_->Embed(&context, request, &response);
  }

  void Tag() {
    v1::TagRequest request;
    request.mutable_audio()->set_encoded(ogg_);
    v1::TagResponse response;
    grpc::ClientContext context;
    EXPECT_THAT(inference_->Tag(&context, request, &response), IsRpcOk());
  }

  void Stream() {
    grpc::ClientContext context;
    const auto stream = inference_->EmbedStream(&context);
    v1::EmbedStreamRequest request;
    request.mutable_config()->mutable_format()->mutable_encoded();
    stream->Write(request);
    request.set_audio_chunk(flac_);
    stream->Write(request);
    stream->WritesDone();
    for (v1::EmbedStreamResponse response; stream->Read(&response);) {
    }
    EXPECT_THAT(stream->Finish(), IsRpcOk());
  }

  void SubmitAndCancel() {
    v1::SubmitJobRequest submit;
    auto* spec = submit.mutable_job()->mutable_ssl_training();
    spec->set_dataset("datasets/d");
    spec->set_model("models/never");
    spec->mutable_training_config()->mutable_encoder()->set_architecture("sample_cnn_tiny");
    spec->mutable_training_config()->set_batch_tracks(2);
    spec->mutable_runtime_config()->set_loader_workers(1);
    v1::SubmitJobResponse submitted;
    grpc::ClientContext submit_context, cancel_context;
    ASSERT_THAT(jobs_->SubmitJob(&submit_context, submit, &submitted), IsRpcOk());
    v1::CancelJobRequest cancel;
    cancel.set_name(submitted.job().name());
    v1::CancelJobResponse cancelled;
    ASSERT_THAT(jobs_->CancelJob(&cancel_context, cancel, &cancelled), IsRpcOk());
    EXPECT_EQ(testing::WaitForJob(*jobs_, cancel.name()).state(), v1::JOB_STATE_CANCELLED);
  }

  const std::unique_ptr<v1::InferenceService::Stub> inference_;
  const std::unique_ptr<v1::JobService::Stub> jobs_;
  const std::unique_ptr<v1::DatasetService::Stub> datasets_;
  const std::string flac_, ogg_;
};

// How much a server grows in one round of work, where it grows least.
double MeasureGrowth(const std::vector<std::string>& environment, int rounds) {
  testing::TempDir folder;
  testing::ServerProcess server(TIMBRED_BINARY, folder.path());
  testing::WriteTinyCorpus(server.data_root(), "d", 2);
  testing::PublishModel(server.state_dir(), "m", 1, {"x"});
  server.set_config(kConfig);
  server.set_environment(environment);
  server.Start();
  Work work(server);
  work.CreateDataset();
  testing::MemoryGrowth growth(server.pid());
  for (int round = 0; round < rounds && growth.BytesPerRound() >= kMostBytesPerRound; ++round) {
    work.Round();
    if (::testing::Test::HasFailure()) return 0;
    growth.Sample();
  }
  EXPECT_EQ(server.Terminate(), 0);
  std::fprintf(stderr, "%.0f bytes a round\n", growth.BytesPerRound());
  return growth.BytesPerRound();
}

// Few arenas, and freed memory goes back: the measure is of what is kept.
const std::vector<std::string> kSteadyAllocator = {"MALLOC_ARENA_MAX=1", "MALLOC_TRIM_THRESHOLD_=65536"};

TEST(MemoryGrowthTest, EmbedsStreamsFailuresAndJobsLeaveNothingBehind) {
  EXPECT_LT(MeasureGrowth(kSteadyAllocator, kMostRounds), kMostBytesPerRound);
}

TEST(MemoryGrowthTest, AServerThatLeaksOnPurposeIsFoundOut) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer's runtime wants to be loaded before any other library";
#endif
  std::vector<std::string> environment = kSteadyAllocator;
  environment.push_back("LD_PRELOAD=" TIMBRE_LEAK_LIBRARY);
  EXPECT_GT(MeasureGrowth(environment, kControlRounds), 2 * kMostBytesPerRound);
}

}  // namespace
}  // namespace timbre
