// What is said of a call: one log line, and the ids in its answer.
#include <google/rpc/error_details.pb.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "core/base/log.h"
#include "tests/support/in_process_server.h"
#include "tests/support/job_wait.h"
#include "tests/support/published_model.h"
#include "tests/support/rpc_status.h"
#include "tests/support/wav.h"

namespace timbre {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::IsRpcOk;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr int kWindow = 59049;
constexpr char kTraceId[] = "0af7651916cd43dd8448eb211c80319c";
constexpr char kParentId[] = "b7ad6b7169203331";

class CallLogTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = new testing::InProcessServer();
    testing::PublishModel(server_->state_dir(), "demo", 7, {"drums"});
    server_->Start();
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }

  CallLogTest() {
    ::testing::internal::CaptureStderr();
    EXPECT_THAT(base::ConfigureLog("info", "json"), testing::IsOk());
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  }
  ~CallLogTest() override { EXPECT_THAT(base::ConfigureLog("info", "text"), testing::IsOk()); }

  // What was logged since the test began; once.
  static std::string Log() { return ::testing::internal::GetCapturedStderr(); }

  static std::vector<nlohmann::json> LinesThatSay(const std::string& message, const std::string& log) {
    std::vector<nlohmann::json> found;
    std::istringstream lines(log);
    for (std::string line; std::getline(lines, line);) {
      const nlohmann::json object = nlohmann::json::parse(line);
      if (object.at("message") == message) found.push_back(object);
    }
    return found;
  }

  static std::vector<nlohmann::json> Calls(const std::string& log) { return LinesThatSay("rpc", log); }

  std::string Answered(const std::string& key) const {
    const auto found = context_.GetServerInitialMetadata().find(key);
    if (found == context_.GetServerInitialMetadata().end()) return "";
    return {found->second.data(), found->second.size()};
  }

  // Embeds as many windows of samples that all have the same four bytes.
  grpc::Status Embed(int windows) {
    v1::EmbedRequest request;
    std::string& samples = *request.mutable_audio()->mutable_pcm()->mutable_samples();
    for (int i = 0; i < windows * kWindow; ++i) samples += "MUS0";
    auto& format = *request.mutable_audio()->mutable_pcm()->mutable_format();
    format.set_sample_format(v1::SAMPLE_FORMAT_INT16);
    format.set_sample_rate_hz(44100);
    v1::EmbedResponse response;
    return server_->inference->Embed(&context_, request, &response);
  }

  grpc::Status GetJob(const std::string& name) {
    v1::GetJobRequest request;
    request.set_name(name);
    v1::GetJobResponse response;
    return server_->jobs->GetJob(&context_, request, &response);
  }

  static testing::InProcessServer* server_;
  grpc::ClientContext context_;
};

testing::InProcessServer* CallLogTest::server_ = nullptr;

TEST_F(CallLogTest, AnEmbedIsOneLineWithItsIdsAndPhases) {
  context_.AddMetadata("x-request-id", "shop-42");
  context_.AddMetadata("timbre-client", "shop");
  context_.AddMetadata("traceparent", std::string("00-") + kTraceId + "-" + kParentId + "-01");
  context_.AddMetadata("tracestate", "congo=t61rcWkgMzE");
  ASSERT_THAT(Embed(2), IsRpcOk());
  const std::vector<nlohmann::json> calls = Calls(Log());
  ASSERT_EQ(calls.size(), 1);
  const nlohmann::json& call = calls[0];
  EXPECT_EQ(call.at("method"), "InferenceService/Embed");
  EXPECT_EQ(call.at("code"), "OK");
  EXPECT_EQ(call.at("level"), "info");
  EXPECT_EQ(call.at("client"), "shop");
  EXPECT_THAT(call.at("peer").get<std::string>(), HasSubstr("127.0.0.1"));
  EXPECT_EQ(call.at("request_id"), "shop-42");
  EXPECT_EQ(call.at("trace_id"), kTraceId);
  EXPECT_EQ(call.at("parent_id"), kParentId);
  EXPECT_EQ(call.at("windows"), 2);
  double phases_ms = 0;
  for (const char* phase : {"decode_ms", "queue_ms", "infer_ms", "encode_ms"}) {
    phases_ms += call.at(phase).get<double>();
  }
  EXPECT_GT(call.at("infer_ms").get<double>(), 0);
  EXPECT_LE(phases_ms, call.at("ms").get<double>() + 1);
  EXPECT_EQ(Answered("x-request-id"), "shop-42");
  EXPECT_EQ(Answered("traceparent"),
            std::string("00-") + kTraceId + "-" + call.at("span_id").get<std::string>() + "-01");
  EXPECT_EQ(Answered("tracestate"), "congo=t61rcWkgMzE");
}

TEST_F(CallLogTest, AnErrorNamesTheRequestIdThatItsLineHas) {
  context_.AddMetadata("x-request-id", "not one of ours");
  context_.AddMetadata("traceparent", "00-nonsense");
  const grpc::Status status = GetJob("jobs/j404");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  google::rpc::RequestInfo info;
  ASSERT_TRUE(testing::ExtractDetail(status, &info));
  EXPECT_THAT(info.request_id(), MatchesRegex("[0-9a-f]{16}"));
  EXPECT_EQ(Answered("x-request-id"), info.request_id());
  EXPECT_THAT(Answered("traceparent"), MatchesRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-01"));
  EXPECT_EQ(Answered("tracestate"), "");
  const std::vector<nlohmann::json> calls = Calls(Log());
  ASSERT_EQ(calls.size(), 1);
  EXPECT_EQ(calls[0].at("code"), "NOT_FOUND");
  EXPECT_EQ(calls[0].at("request_id"), info.request_id());
  EXPECT_THAT(calls[0].at("error").get<std::string>(), HasSubstr("j404"));
  EXPECT_FALSE(calls[0].contains("parent_id"));
}

TEST_F(CallLogTest, TwoTraceparentsAreNone) {
  for (const char* end : {"-01", "-00"}) {
    context_.AddMetadata("traceparent", std::string("00-") + kTraceId + "-" + kParentId + end);
  }
  GetJob("jobs/j404");
  EXPECT_THAT(Answered("traceparent"), Not(HasSubstr(kTraceId)));
  Log();
}

TEST_F(CallLogTest, NeitherSecretsNorAudioComeIntoTheLog) {
  context_.AddMetadata("authorization", "Bearer tbr-hush-hush");
  ASSERT_THAT(Embed(1), IsRpcOk());
  const std::string log = Log();
  EXPECT_THAT(log, HasSubstr("InferenceService/Embed"));
  EXPECT_THAT(log, AllOf(Not(HasSubstr("hush")), Not(HasSubstr("MUS0")), Not(HasSubstr("authorization"))));
}

TEST_F(CallLogTest, AStreamIsOneLineWithItsWindows) {
  auto stream = server_->inference->EmbedStream(&context_);
  v1::EmbedStreamRequest request;
  auto& format = *request.mutable_config()->mutable_format()->mutable_pcm();
  format.set_sample_format(v1::SAMPLE_FORMAT_FLOAT32);
  format.set_sample_rate_hz(22050);
  ASSERT_TRUE(stream->Write(request));
  request.set_audio_chunk(testing::FloatBytes(std::vector<float>(2 * kWindow, 0.1F)));
  ASSERT_TRUE(stream->Write(request));
  stream->WritesDone();
  for (v1::EmbedStreamResponse response; stream->Read(&response);) {
  }
  ASSERT_THAT(stream->Finish(), IsRpcOk());
  const std::vector<nlohmann::json> calls = Calls(Log());
  ASSERT_EQ(calls.size(), 1);
  EXPECT_EQ(calls[0].at("method"), "InferenceService/EmbedStream");
  EXPECT_EQ(calls[0].at("windows"), 2);
  EXPECT_EQ(calls[0].at("request_id"), Answered("x-request-id"));
}

TEST_F(CallLogTest, AnIngestIsJoinedToTheCallThatMadeItsDataSet) {
  context_.AddMetadata("traceparent", std::string("00-") + kTraceId + "-" + kParentId + "-01");
  v1::UploadDatasetResponse response;
  const auto upload = server_->datasets->UploadDataset(&context_, &response);
  v1::UploadDatasetRequest message;
  message.mutable_start()->set_dataset_id("songs");
  ASSERT_TRUE(upload->Write(message));
  const std::string content = "not audio";
  message.mutable_file()->set_path("a.wav");
  ASSERT_TRUE(upload->Write(message));
  message.set_chunk(content);
  ASSERT_TRUE(upload->Write(message));
  message.mutable_end()->set_file_count(1);
  message.mutable_end()->set_byte_count(static_cast<int64_t>(content.size()));
  ASSERT_TRUE(upload->Write(message));
  upload->WritesDone();
  ASSERT_THAT(upload->Finish(), IsRpcOk());
  testing::WaitForJob(*server_->jobs, response.job());
  const std::vector<nlohmann::json> lines = LinesThatSay("job submitted", Log());
  ASSERT_EQ(lines.size(), 1);
  EXPECT_EQ("jobs/" + lines[0].at("job").get<std::string>(), response.job());
  EXPECT_EQ(lines[0].at("kind"), "ingest");
  EXPECT_EQ(lines[0].at("trace_id"), kTraceId);
}

}  // namespace
}  // namespace timbre
