#include "core/embed/stream_meter.h"

#include <vector>

#include "tests/fakes/fake_clock.h"
#include "tests/support/matchers.h"

namespace timbre::embed {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::timbre::testing::StatusIs;

struct Recorder final : Observer {
  void OnAnswer(const AnswerReport& report) override {
    pieces.push_back(report.timings);
    audio_seconds.push_back(report.audio_seconds);
    models.push_back(report.model);
    priorities.push_back(report.priority);
  }
  void OnEnd(const absl::Status& status, const std::string& model) override {
    ends.push_back(status);
    models.push_back(model);
  }
  std::vector<Timings> pieces;
  std::vector<double> audio_seconds;
  std::vector<std::string> models;
  std::vector<Priority> priorities;
  std::vector<absl::Status> ends;
};

class StreamMeterTest : public ::testing::Test {
 protected:
  void Wait(int milliseconds) { clock_.Advance(absl::Milliseconds(milliseconds)); }
  void Decode(int milliseconds) {
    meter_.DecodeBegins();
    Wait(milliseconds);
    meter_.DecodeEnds();
  }
  // `decode` more of it, then the rest of a piece.
  void Piece(int decode, int queue, int infer, int encode) {
    meter_.DecodeBegins();
    Wait(decode);
    meter_.Submitted();
    Wait(queue + infer);
    meter_.Encoded(absl::Milliseconds(infer));
    Wait(encode);
    meter_.Answered(2.5);
  }

  fakes::FakeClock clock_;
  Recorder recorder_;
  StreamMeter meter_{clock_, &recorder_, Priority::kBulk};
};

TEST_F(StreamMeterTest, APieceIsTimedByPhaseAndTheClientsPausesCountForNothing) {
  meter_.OnModel("songs");
  Decode(3);
  Wait(1000);  // until the client sends on
  Decode(4);
  Wait(1000);
  Piece(5, 7, 20, 1);
  ASSERT_EQ(recorder_.pieces.size(), 1U);
  const Timings& piece = recorder_.pieces[0];
  EXPECT_EQ(piece.decode, absl::Milliseconds(12));
  EXPECT_EQ(piece.queue, absl::Milliseconds(7));
  EXPECT_EQ(piece.infer, absl::Milliseconds(20));
  EXPECT_EQ(piece.encode, absl::Milliseconds(1));
  EXPECT_EQ(piece.total, absl::Milliseconds(40));
  EXPECT_THAT(recorder_.audio_seconds, ElementsAre(2.5));
  EXPECT_THAT(recorder_.models, ElementsAre("songs"));
  EXPECT_THAT(recorder_.priorities, ElementsAre(Priority::kBulk));
}

TEST_F(StreamMeterTest, PiecesAreToldOneByOneAndSummedForTheClient) {
  Piece(1, 2, 3, 4);
  Wait(500);
  Piece(10, 20, 30, 40);
  ASSERT_EQ(recorder_.pieces.size(), 2U);
  EXPECT_EQ(recorder_.pieces[1].decode, absl::Milliseconds(10));
  EXPECT_EQ(meter_.timings().decode, absl::Milliseconds(11));
  EXPECT_EQ(meter_.timings().infer, absl::Milliseconds(33));
  EXPECT_EQ(meter_.timings().total, absl::Milliseconds(110));
}

TEST_F(StreamMeterTest, ABeginningWhileItRunsChangesNothing) {
  meter_.DecodeBegins();
  Wait(2);
  meter_.DecodeBegins();
  Wait(3);
  meter_.DecodeEnds();
  meter_.DecodeEnds();
  Piece(0, 0, 0, 0);
  EXPECT_EQ(recorder_.pieces.at(0).decode, absl::Milliseconds(5));
}

TEST_F(StreamMeterTest, TheEndIsToldOnceWithTheModelThatWasFound) {
  meter_.Ended(absl::NotFoundError("no model"));
  EXPECT_THAT(recorder_.pieces, IsEmpty());
  EXPECT_THAT(recorder_.ends, ElementsAre(StatusIs(absl::StatusCode::kNotFound)));
  EXPECT_THAT(recorder_.models, ElementsAre(""));
}

TEST_F(StreamMeterTest, NobodyNeedsToListen) {
  StreamMeter meter(clock_, nullptr);
  meter.Submitted();
  meter.Encoded(absl::Milliseconds(1));
  meter.Answered(1);
  meter.Ended(absl::OkStatus());
  EXPECT_EQ(meter.timings().infer, absl::Milliseconds(1));
}

}  // namespace
}  // namespace timbre::embed
