#include "core/metrics/exporter.h"

#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/core/metrics/http_get.h"
#include "tests/core/metrics/metrics_text.h"

namespace timbre::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;
using ::testing::StartsWith;
using testing::StatusIs;

absl::StatusOr<std::unique_ptr<Exporter>> StartOn(const std::string& address) {
  Exporter::Options options;
  options.address = address;
  return Exporter::Start(options);
}

int PortOf(const Exporter& exporter) {
  int port = 0;
  const std::string& address = exporter.address();
  EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port)) << address;
  return port;
}

TEST(ExporterTest, TellsTheBuild) {
  EXPECT_THAT(Value(MakeExporter()->Text(), "timbre_build_info{build=\"gcc 12\",version=\"1.2.3\"}"),
              Optional(1));
}

std::string Jobs(const std::string& kind, const std::string& state) {
  return absl::StrCat("timbre_jobs{kind=\"", kind, "\",state=\"", state, "\"}");
}

TEST(ExporterTest, JobsOfEveryKindAndStateStandAtZeroUntilSet) {
  const auto exporter = MakeExporter();
  exporter->SetJobs("ingest", "RUNNING", 2);
  exporter->SetJobs("ingest", "RUNNING", 1);
  const std::string text = exporter->Text();
  EXPECT_THAT(Value(text, Jobs("ingest", "RUNNING")), Optional(1));
  for (const char* state :
       {"QUEUED", "PAUSING", "PAUSED", "CANCELLING", "SUCCEEDED", "FAILED", "CANCELLED"}) {
    EXPECT_THAT(Value(text, Jobs("ingest", state)), Optional(0)) << state;
    EXPECT_THAT(Value(text, Jobs("ssl_training", state)), Optional(0)) << state;
  }
}

TEST(ExporterTest, TheWaitsAndTheSilenceOfJobsAreToldByKind) {
  const auto exporter = MakeExporter();
  const std::string waits = "timbre_job_queue_seconds_";
  for (const char* kind : {"ssl_training", "linear_probe", "ingest"}) {
    const std::string text = exporter->Text();
    EXPECT_THAT(Value(text, absl::StrCat(waits, "count{kind=\"", kind, "\"}")), Optional(0));
    EXPECT_THAT(Value(text, absl::StrCat("timbre_job_silence_seconds{kind=\"", kind, "\"}")), Optional(0));
  }
  exporter->jobs().OnBegun("ingest", absl::Seconds(30));
  exporter->jobs().OnBegun("ingest", absl::Minutes(20));
  exporter->SetSilence("ingest", absl::Seconds(12));
  const std::string text = exporter->Text();
  EXPECT_THAT(Value(text, waits + "sum{kind=\"ingest\"}"), Optional(1230));
  EXPECT_THAT(Value(text, waits + "bucket{kind=\"ingest\",le=\"60\"}"), Optional(1));
  EXPECT_THAT(Value(text, "timbre_job_silence_seconds{kind=\"ingest\"}"), Optional(12));
}

TEST(ExporterTest, UnknownKindsAndStatesOfJobsShareOneSeries) {
  const auto exporter = MakeExporter();
  exporter->SetJobs("siesta", "DREAMING", 3);
  const std::string text = exporter->Text();
  EXPECT_THAT(Value(text, Jobs("other", "other")), Optional(3));
  EXPECT_EQ(text.find("DREAMING"), std::string::npos);
  EXPECT_EQ(text.find("siesta"), std::string::npos);
}

TEST(ExporterTest, WithoutAnAddressNothingIsServed) { EXPECT_EQ(MakeExporter()->address(), ""); }

TEST(ExporterTest, ServesItsTextOverHttp) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto exporter, StartOn("127.0.0.1:0"));
  ASSERT_GT(PortOf(*exporter), 0);
  EXPECT_THAT(exporter->address(), StartsWith("127.0.0.1:"));
  exporter->SetJobs("ingest", "QUEUED", 5);
  const std::string answer = HttpGet(PortOf(*exporter), "/metrics");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, HasSubstr("text/plain"));
  EXPECT_THAT(answer, HasSubstr(Jobs("ingest", "QUEUED") + " 5"));
  EXPECT_THAT(HttpGet(PortOf(*exporter), "/elsewhere"), StartsWith("HTTP/1.1 404"));
}

TEST(ExporterTest, NothingAnswersAfterItsEnd) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(auto exporter, StartOn("127.0.0.1:0"));
  const int port = PortOf(*exporter);
  ASSERT_NE(HttpGet(port, "/metrics"), "");
  exporter.reset();
  EXPECT_EQ(HttpGet(port, "/metrics"), "");
}

TEST(ExporterTest, APortInUseIsUnavailableAndNamed) {
  const LoopbackListener taken;
  ASSERT_GT(taken.port(), 0);
  const std::string address = absl::StrCat("127.0.0.1:", taken.port());
  EXPECT_THAT(StartOn(address), StatusIs(absl::StatusCode::kUnavailable, HasSubstr(address)));
}

TEST(ExporterTest, AnAddressThatIsNoneOfOursIsUnavailableAndNamed) {
  for (const char* address : {"192.0.2.1:9464", "no such host:9464"}) {
    EXPECT_THAT(StartOn(address), StatusIs(absl::StatusCode::kUnavailable, HasSubstr(address)));
  }
  for (const char* address : {"nonsense", "127.0.0.1:99999", "127.0.0.1:http"}) {
    EXPECT_THAT(StartOn(address), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(address)));
  }
}

TEST(ExporterTest, WhatIsReadRatherThanToldIsReadAtEachScrape) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto exporter, StartOn("127.0.0.1:0"));
  int64_t running = 0;
  exporter->OnScrape([&running](Exporter& scraped) { scraped.SetJobs("ingest", "RUNNING", ++running); });
  EXPECT_THAT(HttpGet(PortOf(*exporter), "/metrics"), HasSubstr(Jobs("ingest", "RUNNING") + " 1"));
  EXPECT_THAT(HttpGet(PortOf(*exporter), "/metrics"), HasSubstr(Jobs("ingest", "RUNNING") + " 2"));
  exporter->OnScrape({});
  EXPECT_THAT(HttpGet(PortOf(*exporter), "/metrics"), HasSubstr(Jobs("ingest", "RUNNING") + " 2"));
}

TEST(ExporterTest, ManyThreadsLoseNoCount) {
  const auto exporter = MakeExporter();
  exporter->calls().Register("unary", "s", "m");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&exporter] {
      for (int i = 0; i < 1000; ++i) {
        exporter->calls().OnStarted("s", "m");
        exporter->inference().OnBatch(2, absl::Milliseconds(1));
        exporter->training().OnSnapshot(i, 0.1);
        if (i % 250 == 0) {
          EXPECT_NE(exporter->Text(), "");
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string text = exporter->Text();
  EXPECT_THAT(
      Value(text, "grpc_server_started_total{grpc_method=\"m\",grpc_service=\"s\",grpc_type=\"unary\"}"),
      Optional(4000));
  EXPECT_THAT(Value(text, "timbre_embed_batch_windows_sum"), Optional(8000));
  EXPECT_THAT(Value(text, "timbre_train_snapshots_total"), Optional(4000));
}

}  // namespace
}  // namespace timbre::metrics
