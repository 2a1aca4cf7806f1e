#include "client/cli/app.h"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/client/fake_inference_service.h"
#include "tests/client/scripted_job_service.h"
#include "tests/client/test_server.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::cli {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::TempDir;
using ::timbre::testing::WriteFile;

// Runs whole command lines against a real server with scripted services.
class AppTest : public ::testing::Test {
 protected:
  AppTest() {
    job_.set_name("jobs/j1");
    job_.set_state(v1::JOB_STATE_SUCCEEDED);
    jobs_.SetJob(job_);
  }

  int Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--server", server_.address()});
    return RunWithoutServer(arguments);
  }

  int RunWithoutServer(const std::vector<std::string>& arguments) {
    out_.str("");
    err_.str("");
    Console console{.out = out_, .err = err_};
    console.now = [] { return absl::UnixEpoch(); };
    return RunApp(arguments, console);
  }

  v1::Job job_;
  client::ScriptedJobService jobs_;
  client::FakeInferenceService inference_;
  client::TestServer server_{&jobs_, &inference_};
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(AppTest, HelpTellsTheExitCodes) {
  EXPECT_EQ(RunWithoutServer({"--help"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("5  the job was cancelled"));
}

TEST_F(AppTest, EachCommandHasAnExample) {
  for (const char* command :
       {"dataset", "train",  "watch",   "jobs",  "job", "pause",   "resume", "cancel", "delete", "probe",
        "report",  "models", "promote", "embed", "tag", "augment", "bench",  "health", "info",   "admin"}) {
    EXPECT_EQ(RunWithoutServer({command, "--help"}), 0) << command;
    EXPECT_THAT(out_.str(), HasSubstr(std::string("Example:\n  timbre ") + command)) << command;
  }
}

TEST_F(AppTest, AWrongCommandLineIsCode2) {
  EXPECT_EQ(RunWithoutServer({}), 2);
  EXPECT_EQ(RunWithoutServer({"fly"}), 2);
  EXPECT_EQ(RunWithoutServer({"watch"}), 2);
  EXPECT_EQ(RunWithoutServer({"watch", "not a job"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("jobs/j1 or j1"));
  EXPECT_EQ(RunWithoutServer({"train", "--dataset", "d", "--model", "m", "--preset", "magic"}), 2);
  EXPECT_EQ(RunWithoutServer({"jobs", "--state", "asleep"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("'asleep' is none of cancelled, cancelling, failed"));
  EXPECT_EQ(RunWithoutServer({"jobs", "--limit", "0"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("must be a number of at least 1, got '0'"));
}

TEST_F(AppTest, AnUnknownCommandIsNamedBesideThoseThatThereAre) {
  EXPECT_EQ(RunWithoutServer({"fly", "--high"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("there is no command 'fly'; there are dataset, train, watch"));
  EXPECT_EQ(RunWithoutServer({"dataset", "burn", "songs"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("there is no command 'burn'; there are create, upload"));
  EXPECT_EQ(RunWithoutServer({"model"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("a command is missing; there are import, export"));
}

TEST_F(AppTest, AServerThatIsNoAddressIsCode2) {
  for (const char* server : {"127.0.0.1:116307", "127.0.0.1:0", "[::1]:70000", "dns:///host:99999"}) {
    EXPECT_EQ(RunWithoutServer({"info", "--server", server}), 2) << server;
    EXPECT_THAT(err_.str(), HasSubstr("must be host:port with a port in [1, 65535]")) << server;
  }
  EXPECT_EQ(RunWithoutServer({"info", "--server", "http://127.0.0.1:50051"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("not a URL"));
}

TEST_F(AppTest, WhateverGrpcTakesForAServerIsTaken) {
  for (const char* server : {"127.0.0.1:1", "host", "dns:host", "dns:///host", "[::1]", "[::1]:50051",
                             "ipv4:1.2.3.4:5", "unix:/no/such:99999", "unix-abstract:name", "host:https"}) {
    EXPECT_TRUE(client::CheckAddress(server).ok()) << server;
  }
}

TEST_F(AppTest, OutputThatIsLostIsCode1) {
  std::ofstream full("/dev/full");
  Console console{.out = full, .err = err_};
  console.now = [] { return absl::UnixEpoch(); };
  EXPECT_EQ(RunApp({"jobs", "--server", server_.address()}, console), 1);
  EXPECT_THAT(err_.str(), HasSubstr("the output could not be written"));
}

TEST_F(AppTest, AnUnknownJobIsCode3) {
  EXPECT_EQ(Run({"job", "j9"}), 3);
  EXPECT_THAT(err_.str(), HasSubstr("NOT_FOUND: no such job"));
  EXPECT_EQ(out_.str(), "");
}

TEST_F(AppTest, AServerThatIsNotThereIsCode4) {
  EXPECT_EQ(RunWithoutServer({"job", "j1", "--server", "unix:/no/such/socket"}), 4);
  EXPECT_THAT(err_.str(), HasSubstr("is timbred running at unix:/no/such/socket?"));
}

TEST_F(AppTest, ACancelledJobIsCode5) {
  job_.set_state(v1::JOB_STATE_CANCELLED);
  jobs_.SetJob(job_);
  EXPECT_EQ(Run({"watch", "j1"}), 5);
}

TEST_F(AppTest, AFailedJobIsCode1) {
  job_.set_state(v1::JOB_STATE_FAILED);
  jobs_.SetJob(job_);
  EXPECT_EQ(Run({"watch", "jobs/j1"}), 1);
}

TEST_F(AppTest, TrainingSendsWhatWasAskedForAndPrintsOneDocument) {
  EXPECT_EQ(Run({"train", "--dataset", "songs", "--model", "m", "--steps", "5", "--lr", "1e-3", "--workers",
                 "2", "--watch", "--json"}),
            0);
  EXPECT_EQ(nlohmann::json::parse(out_.str())["state"], "JOB_STATE_SUCCEEDED");
  const auto spec = jobs_.submits().at(0).job().ssl_training();
  EXPECT_EQ(spec.dataset(), "datasets/songs");
  EXPECT_EQ(spec.model(), "models/m");
  EXPECT_EQ(spec.training_config().steps(), 5);
  EXPECT_DOUBLE_EQ(spec.training_config().optimizer().learning_rate(), 1e-3);
  EXPECT_EQ(spec.runtime_config().loader_workers(), 2);
}

TEST_F(AppTest, ADryRunValidatesOnly) {
  EXPECT_EQ(Run({"train", "--dataset", "songs", "--model", "m", "--dry-run", "--watch"}), 0);
  EXPECT_TRUE(jobs_.submits().at(0).validate_only());
  EXPECT_TRUE(jobs_.watched_after().empty());
}

TEST_F(AppTest, JobsCanBeListedByState) {
  EXPECT_EQ(Run({"jobs", "--state", "running,queued"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("j4"));
}

class AppFilesTest : public AppTest {
 protected:
  std::string File(const std::string& name, const std::string& content) {
    WriteFile(folder_ / name, content);
    return folder_ / name;
  }
  TempDir folder_;
};

TEST_F(AppFilesTest, EmbeddingsComeInTheOrderOfTheirFiles) {
  std::vector<std::string> arguments = {"embed", "--json"};
  for (int i = 1; i <= 20; ++i)
    arguments.push_back(File(std::to_string(i), std::string(static_cast<size_t>(i), 'x')));
  ASSERT_EQ(Run(arguments), 0) << err_.str();
  const auto json = nlohmann::json::parse(out_.str());
  for (size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(json["files"][i]["path"], arguments[i + 2]);
    EXPECT_EQ(json["files"][i]["response"]["embedding"]["values"][0], i + 1);
  }
}

TEST_F(AppFilesTest, ANumpyFileHasARowForEachFileOrWindow) {
  const std::string a = File("a", "abc");
  const std::string b = File("b", "abcd");
  const std::string out = folder_ / "x.npy";
  EXPECT_EQ(Run({"embed", a, b, "--out", out}), 0);
  EXPECT_EQ(std::filesystem::file_size(out), 128u + 8u);
  EXPECT_EQ(Run({"embed", a, b, "--windows", "--out", out}), 0);
  EXPECT_EQ(std::filesystem::file_size(out), 128u + 16u);
}

TEST_F(AppFilesTest, OneBadFileIsNamedAndNothingIsWritten) {
  const std::string out = folder_ / "x.npy";
  EXPECT_EQ(Run({"embed", File("a", "abc"), File("notes.mp3", "text"), "--out", out}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("notes.mp3: not audio"));
  EXPECT_THAT(err_.str(), HasSubstr("1 of 2 files failed, so nothing is shown or written"));
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(AppFilesTest, OneBadFileAloneIsNamedOnce) {
  EXPECT_EQ(Run({"embed", File("notes.mp3", "text")}), 1);
  EXPECT_THAT(err_.str(),
              HasSubstr("timbre: INVALID_ARGUMENT: " + (folder_ / "notes.mp3").string() + ": not audio"));
  EXPECT_EQ(Run({"tag", "/no/such/song.mp3"}), 3);
  EXPECT_THAT(err_.str(), HasSubstr("timbre: NOT_FOUND: /no/such/song.mp3: No such file"));
}

TEST_F(AppFilesTest, TwoSpacesAreNeverMixed) {
  EXPECT_EQ(Run({"embed", File("a", "abc"), File("b", "other")}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("two spaces"));
}

TEST_F(AppFilesTest, AStreamGivesTheSameFormOfAnswer) {
  EXPECT_EQ(Run({"embed", File("a", "abcdef"), "--stream", "--chunk-bytes", "4", "--json"}), 0);
  const auto json = nlohmann::json::parse(out_.str());
  EXPECT_EQ(json["files"][0]["response"]["window_count"], 2);
  EXPECT_EQ(json["files"][0]["response"]["embedding"]["values"][0], 6);
}

TEST_F(AppFilesTest, TagsArePrintedHighestFirst) {
  EXPECT_EQ(Run({"tag", File("a", "abc"), "--top", "1"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("  0.900  piano *\ntagger"));
  EXPECT_EQ(Run({"tag", File("a", "abc"), "--stream"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("  0.900  piano *\n  0.100  drums\ntagger"));
}

TEST_F(AppFilesTest, AnAugmentationIsAPresetOrAFileAndAnErrorHasItsPlace) {
  const std::string chain = File("chain.textproto", "effects { gain {} }\neffects { gian {} }\n");
  EXPECT_EQ(Run({"augment", "in.wav", "out.wav", "--preset", "clmr", "--config", chain}), 2);
  EXPECT_EQ(Run({"augment", "in.wav", "out.wav", "--preset", "magic"}), 2);
  EXPECT_EQ(Run({"augment", File("a", "abc"), "out.wav", "--config", chain}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("chain.textproto:2:16"));
  EXPECT_THAT(err_.str(), HasSubstr("an AugmentationChain is wanted"));
  EXPECT_EQ(Run({"augment", "/no/such/song.mp3", "out.wav"}), 3);
}

TEST_F(AppFilesTest, AFileThatIsMissingIsCode3) { EXPECT_EQ(Run({"tag", "/no/such/song.mp3"}), 3); }

}  // namespace
}  // namespace timbre::cli
