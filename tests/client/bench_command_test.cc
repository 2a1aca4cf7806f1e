#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <sstream>

#include "client/bench/grpc_target.h"
#include "client/cli/app.h"
#include "tests/client/fake_inference_service.h"
#include "tests/client/test_server.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::cli {
namespace {

using ::testing::HasSubstr;

// Answers so many calls; then refuses, or asks for an end as a user does.
class LimitedService final : public client::FakeInferenceService {
 public:
  std::atomic<int> calls = 0;
  int refuse_after = 1 << 30;
  int interrupt_after = 1 << 30;

  grpc::Status Embed(grpc::ServerContext* context, const v1::EmbedRequest* request,
                     v1::EmbedResponse* response) override {
    const int call = ++calls;
    if (call == interrupt_after) ::kill(::getpid(), SIGINT);
    if (call > refuse_after) return {grpc::StatusCode::RESOURCE_EXHAUSTED, "the queue is full"};
    response->mutable_timings()->mutable_infer()->set_nanos(250'000);
    return FakeInferenceService::Embed(context, request, response);
  }
};

// Whole command lines against a real socket. What is checked are counts, never speed.
class BenchCommandTest : public ::testing::Test {
 protected:
  int Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "bench");
    arguments.insert(arguments.end(), {"--server", server_.address()});
    out_.str("");
    err_.str("");
    return RunApp(arguments, {.out = out_, .err = err_});
  }
  nlohmann::json Document() const { return nlohmann::json::parse(out_.str()); }

  LimitedService service_;
  client::TestServer server_{&service_};
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(BenchCommandTest, AnOpenLoopCountsEveryCallThatIsDue) {
  ASSERT_EQ(Run({"--rps", "200", "--arrivals", "constant", "--warmup", "0.1", "--duration", "0.5", "--json"}),
            0)
      << err_.str();
  const auto document = Document();
  EXPECT_EQ(document["loop"], "open");
  EXPECT_EQ(document["model_version"], "models/m/versions/1");
  EXPECT_EQ(document["windows_per_call"], 2);
  EXPECT_EQ(document["summary"]["answered"], 100);
  EXPECT_EQ(document["summary"]["due"], 100);
  EXPECT_NEAR(document["summary"]["phases_ms"]["infer"]["p50"].get<double>(), 0.25, 1e-6);
  EXPECT_EQ(service_.calls, 1 + 120);  // the first tries the server
}

TEST_F(BenchCommandTest, AClosedLoopOfTagsPrintsItsFigures) {
  ASSERT_EQ(Run({"--tag", "--concurrency", "4", "--warmup", "0", "--duration", "0.2"}), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("closed loop of 4"));
  EXPECT_THAT(out_.str(), HasSubstr("0 failed, 0 dropped"));
  EXPECT_THAT(out_.str(), HasSubstr("P99.9"));
}

TEST_F(BenchCommandTest, RefusalsAreFiguresAndNotTheEnd) {
  service_.refuse_after = 20;
  ASSERT_EQ(Run({"--concurrency", "2", "--warmup", "0", "--duration", "0.3", "--json"}), 0);
  const auto summary = Document()["summary"];
  EXPECT_EQ(summary["answered"], 19);
  EXPECT_EQ(summary["errors"][0]["code"], "RESOURCE_EXHAUSTED");
  EXPECT_EQ(summary["errors"][0]["message"], "the queue is full");
  service_.calls = 0;
  service_.refuse_after = 1;
  EXPECT_EQ(Run({"--concurrency", "2", "--warmup", "0", "--duration", "0.2"}), 1);
  EXPECT_THAT(out_.str(), HasSubstr("RESOURCE_EXHAUSTED"));
}

TEST_F(BenchCommandTest, CtrlCEndsItWithWhatItHas) {
  service_.interrupt_after = 50;
  ASSERT_EQ(Run({"--concurrency", "1", "--warmup", "0", "--duration", "3600", "--json"}), 0) << err_.str();
  const auto summary = Document()["summary"];
  EXPECT_EQ(summary["stopped"], true);
  EXPECT_GE(summary["answered"], 48);
  EXPECT_EQ(summary["failed"], 0);
}

TEST_F(BenchCommandTest, ASearchEndsAtTheRateThatTheServerRefuses) {
  service_.refuse_after = 60;
  ASSERT_EQ(Run({"--find-max", "--p99-ms", "10000", "--rps", "20", "--arrivals", "constant", "--warmup", "0",
                 "--duration", "1", "--json"}),
            0);
  const auto found = Document()["find_max"];
  EXPECT_EQ(found["max_rps"], 20);
  EXPECT_EQ(found["trials"][0]["holds"], true);
  EXPECT_EQ(found["trials"][1]["rps"], 40);
  EXPECT_THAT(found["trials"][1]["why_not"].get<std::string>(), HasSubstr("RESOURCE_EXHAUSTED"));
}

TEST_F(BenchCommandTest, NothingIsMeasuredWhereTheFirstCallFails) {
  const testing::TempDir folder;
  testing::WriteFile(folder / "notes.mp3", "text");
  EXPECT_EQ(Run({folder / "notes.mp3"}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("INVALID_ARGUMENT: not audio"));
  EXPECT_EQ(Run({"/no/such/song.mp3"}), 3);
  EXPECT_EQ(Run({"--rps", "5", "--concurrency", "2"}), 2);
  EXPECT_EQ(Run({"--rps", "0"}), 2);
  EXPECT_EQ(Run({"--p99-ms", "5"}), 2);
  EXPECT_EQ(Run({folder / "notes.mp3", "--windows", "2"}), 2);
  server_.Stop();
  EXPECT_EQ(Run({"--deadline-ms", "2000"}), 4);
}

TEST_F(BenchCommandTest, FilesAreSentInTurns) {
  const testing::TempDir folder;
  testing::WriteFile(folder / "a", "aa");
  testing::WriteFile(folder / "b", "bbb");
  EXPECT_EQ(Run({folder / "a", folder / "b", "--rps", "100", "--arrivals", "constant", "--warmup", "0",
                 "--duration", "0.1", "--json"}),
            0);
  EXPECT_EQ(Document()["summary"]["answered"], 10);
}

}  // namespace
}  // namespace timbre::cli
