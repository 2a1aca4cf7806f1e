#include "core/weights/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/checkpoints.h"
#include "tests/support/matchers.h"

namespace timbre::weights {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using timbre::testing::ClmrNames;
using timbre::testing::HashedProjector;
using timbre::testing::HashedSampleCnn;
using timbre::testing::HashedTensor;
using timbre::testing::HashedTimbreEncoder;
using timbre::testing::Joined;
using timbre::testing::Prefixed;
using timbre::testing::StatusIs;

struct Style {
  const char* title;
  TensorMap tensors;
  const char* recognised;
};

TensorMap Notebook(bool bias) {
  return Joined(Prefixed(HashedSampleCnn(), "encoder."), Prefixed(HashedProjector(bias), "projector."));
}

std::vector<Style> Styles() {
  const TensorMap clmr = ClmrNames(HashedSampleCnn());
  const TensorMap clmr_projector = Prefixed(HashedProjector(false), "model.projector.");
  const TensorMap head = {{"model.0.weight", HashedTensor({50, 512}, "head", 1)},
                          {"model.0.bias", HashedTensor({50}, "bias", 1)}};
  TensorMap counted = Notebook(false);
  counted["encoder.conv1.1.num_batches_tracked"] = HashedTensor({}, "count", 1);
  return {
      {"the notebook's encoder", HashedSampleCnn(), "the tutorial or CLMR 1.0 (conv{n})"},
      {"the notebook's Lightning file without biases", Notebook(false), "(encoder.conv{n})"},
      {"the notebook's Lightning file with biases", Notebook(true), "(encoder.conv{n})"},
      {"counters in fp32", counted, "(encoder.conv{n})"},
      {"the notebook's probe",
       Joined(Prefixed(HashedSampleCnn(), "encoder."), {{"probe.weight", HashedTensor({50, 512}, "p", 1)}}),
       "(encoder.conv{n})"},
      {"CLMR's encoder", clmr, "CLMR 2 (sequential.{n})"},
      {"CLMR's encoder with its fc", Joined(clmr, {{"fc.weight", HashedTensor({50, 512}, "fc", 1)}}),
       "CLMR 2"},
      {"CLMR's plain file", Prefixed(clmr, "encoder."), "CLMR 2 (encoder.sequential.{n})"},
      {"CLMR's Lightning file with its encoder twice",
       Joined(Joined(Prefixed(clmr, "encoder."), Prefixed(clmr, "model.encoder.")), clmr_projector),
       "CLMR 2 (model.encoder.sequential.{n} and encoder.sequential.{n})"},
      {"CLMR's evaluation", Joined(Prefixed(clmr, "encoder."), head), "CLMR 2"},
      {"DataParallel", Prefixed(Notebook(true), "module."), "(module.encoder.conv{n})"},
      {"Timbre's", Prefixed(HashedTimbreEncoder(), "encoder."), "Timbre (encoder.conv{n})"},
  };
}

TEST(CheckpointTest, EveryStyleOfTheFieldGivesTheSameEncoder) {
  const TensorMap encoder = HashedTimbreEncoder();
  for (const Style& style : Styles()) {
    SCOPED_TRACE(style.title);
    TIMBRE_ASSERT_OK_AND_ASSIGN(const Checkpoint checkpoint, ReadCheckpoint(style.tensors));
    EXPECT_EQ(DigestTensors(checkpoint.encoder), DigestTensors(encoder));
    EXPECT_THAT(checkpoint.recognised, HasSubstr(style.recognised));
  }
}

TEST(CheckpointTest, AProjectorComesWithOrWithoutBiasesAndHeadsAreLeftOutWithANote) {
  for (const bool bias : {false, true}) {
    TIMBRE_ASSERT_OK_AND_ASSIGN(const Checkpoint checkpoint, ReadCheckpoint(Notebook(bias)));
    EXPECT_EQ(checkpoint.projector, HashedProjector(bias));
  }
  TensorMap file = ClmrNames(HashedSampleCnn());
  file["fc.weight"] = HashedTensor({50, 512}, "fc", 1);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Checkpoint checkpoint, ReadCheckpoint(file));
  EXPECT_THAT(checkpoint.projector, IsEmpty());
  EXPECT_THAT(checkpoint.notes, Contains(HasSubstr("fc.weight")));
}

TEST(CheckpointTest, OfAWideLastKernelTheCentreIsTakenAndLostTapsAreNoted) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Checkpoint wide, ReadCheckpoint(HashedSampleCnn()));
  EXPECT_THAT(wide.notes, Contains(AllOf(HasSubstr("conv11.0.weight"), HasSubstr("centre tap"))));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Checkpoint zeros,
                              ReadCheckpoint(NameTensors(HashedTimbreEncoder(), {}, KeyNaming::kNotebook)));
  EXPECT_THAT(zeros.notes, IsEmpty());
}

TEST(CheckpointTest, WhatIsWrittenUnderANamingComesBackBitForBitAlsoThroughAFile) {
  const TensorMap encoder = HashedTimbreEncoder();
  for (const KeyNaming naming : {KeyNaming::kTimbre, KeyNaming::kNotebook, KeyNaming::kClmr}) {
    for (const TensorMap& projector : {TensorMap(), HashedProjector(false), HashedProjector(true, 128)}) {
      const TensorMap named = NameTensors(encoder, projector, naming);
      TIMBRE_ASSERT_OK_AND_ASSIGN(const std::string bytes,
                                  SerializeTensors(named, {}, CounterKeys(named, naming)));
      TIMBRE_ASSERT_OK_AND_ASSIGN(TensorMap read, ParseTensors(bytes));
      EXPECT_EQ(read, named);
      TIMBRE_ASSERT_OK_AND_ASSIGN(const Checkpoint checkpoint, ReadCheckpoint(std::move(read)));
      EXPECT_EQ(DigestTensors(checkpoint.encoder), DigestTensors(encoder));
      EXPECT_EQ(checkpoint.projector, projector);
    }
  }
}

TEST(CheckpointTest, OtherProgramsFindTheirKeysKernelsAndCounters) {
  const TensorMap clmr = NameTensors(HashedTimbreEncoder(), HashedProjector(false), KeyNaming::kClmr);
  EXPECT_EQ(clmr.size(), 68U);
  EXPECT_EQ(clmr.at("encoder.sequential.10.0.weight").shape, (std::vector<int64_t>{512, 512, 3}));
  EXPECT_TRUE(clmr.contains("projector.2.weight"));
  EXPECT_EQ(CounterKeys(clmr, KeyNaming::kClmr).size(), 11U);
  EXPECT_THAT(CounterKeys(clmr, KeyNaming::kClmr), Contains("encoder.sequential.0.1.num_batches_tracked"));
  const TensorMap own = NameTensors(HashedTimbreEncoder(), {}, KeyNaming::kTimbre);
  EXPECT_EQ(own.at("encoder.conv11.0.weight").shape, (std::vector<int64_t>{512, 512, 1}));
  EXPECT_THAT(CounterKeys(own, KeyNaming::kTimbre), IsEmpty());
}

void ExpectWrong(TensorMap file, const std::vector<std::string>& says) {
  const auto checkpoint = ReadCheckpoint(std::move(file));
  for (const std::string& text : says) {
    EXPECT_THAT(checkpoint, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(text)));
  }
}

TEST(CheckpointTest, AWrongTensorIsNamedAsTheFileNamesItWithShapesAndStyle) {
  const TensorMap good = Prefixed(ClmrNames(HashedSampleCnn()), "model.encoder.");
  TensorMap file = good;
  file["model.encoder.sequential.4.0.bias"] = HashedTensor({64}, "x", 1);
  ExpectWrong(file, {"'model.encoder.sequential.4.0.bias' has the shape [64]; wanted is [256]",
                     "recognised as CLMR 2 (model.encoder.sequential.{n})"});
  file = good;
  file["model.encoder.sequential.10.0.weight"] = HashedTensor({512, 512, 5}, "x", 1);
  ExpectWrong(
      file, {"'model.encoder.sequential.10.0.weight' has the shape [512, 512, 5]; wanted is [512, 512, 3] or "
             "[512, 512, 1]"});
  file = good;
  file["model.encoder.sequential.0.0.weight"] = HashedTensor({128, 2, 3}, "x", 1);
  ExpectWrong(file, {"sequential.0.0.weight' has the shape [128, 2, 3]; wanted is [128, 1, 3]"});
  file = good;
  file.erase("model.encoder.sequential.6.1.running_var");
  ExpectWrong(file, {"'model.encoder.sequential.6.1.running_var' is missing; its shape is [256]"});
  file = good;
  file["model.encoder.sequential.11.0.bias"] = HashedTensor({512}, "x", 1);
  ExpectWrong(file, {"'model.encoder.sequential.11.0.bias' is not part of a SampleCNN"});
  file = good;
  file["temperature"] = HashedTensor({}, "x", 1);
  ExpectWrong(file, {"'temperature' is not part of"});
}

TEST(CheckpointTest, AWrongProjectorIsNamedToo) {
  const auto with = [](const std::string& name, const std::vector<int64_t>& shape) {
    TensorMap file = Notebook(true);
    file["projector." + name] = HashedTensor(shape, "x", 1);
    return file;
  };
  ExpectWrong(with("0.weight", {512, 256}),
              {"'projector.0.weight' has the shape [512, 256]; wanted is [N, 512]"});
  ExpectWrong(with("2.weight", {64, 128}),
              {"'projector.2.weight' has the shape [64, 128]; wanted is [N, 512]"});
  ExpectWrong(with("2.bias", {65}), {"'projector.2.bias' has the shape [65]; wanted is [64]"});
  TensorMap headless = Notebook(true);
  headless.erase("projector.2.weight");
  ExpectWrong(headless, {"'projector.2.weight' is missing"});
}

TEST(CheckpointTest, ValuesThatNoTrainingLeavesAreRefused) {
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    TensorMap file = Notebook(true);
    file["encoder.conv3.1.bias"].values[7] = value;
    ExpectWrong(file, {"'encoder.conv3.1.bias' has the value", "at 7; all must be finite"});
    file = Notebook(true);
    file["projector.0.bias"].values[1] = value;
    ExpectWrong(file, {"'projector.0.bias' has the value"});
  }
  TensorMap file = Notebook(false);
  file["encoder.conv3.1.running_var"].values[2] = -1;
  ExpectWrong(file, {"'encoder.conv3.1.running_var' has the value -1 at 2; a variance"});
}

TEST(CheckpointTest, TwoEncodersThatDifferAreRefused) {
  TensorMap file =
      Joined(Prefixed(HashedSampleCnn(), "encoder."), Prefixed(HashedSampleCnn(), "model.encoder."));
  file["encoder.conv5.0.bias"].values[0] += 1;
  ExpectWrong(file, {"'encoder.conv5.0.bias' has no equal twin model.encoder.conv5.0.bias",
                     "two different networks"});
}

TEST(CheckpointTest, AFileWithoutAnEncoderSaysWhatItHasAndWhatIsKnown) {
  ExpectWrong({}, {"in the 0 tensors", "conv1.0.weight", "sequential.0.0.weight"});
  ExpectWrong({{"layer1.conv.weight", HashedTensor({1}, "x", 1)}}, {"layer1.conv.weight", "no SampleCNN"});
  ExpectWrong(Prefixed(HashedSampleCnn(), "backbone."), {"no SampleCNN", "backbone.conv1.0.bias"});
}

}  // namespace
}  // namespace timbre::weights
