#include "client/backoff.h"

#include <gtest/gtest.h>

namespace timbre::client {
namespace {

TEST(BackoffTest, GrowsUpToItsLimit) {
  Backoff backoff({.initial = absl::Seconds(1), .max = absl::Seconds(5), .multiplier = 2, .jitter = 0});
  for (int seconds : {1, 2, 4, 5, 5}) EXPECT_EQ(backoff.Next(), absl::Seconds(seconds));
  backoff.Reset();
  EXPECT_EQ(backoff.Next(), absl::Seconds(1));
}

TEST(BackoffTest, JitterStaysInItsBounds) {
  for (int i = 0; i < 200; ++i) {
    Backoff backoff({.initial = absl::Seconds(1), .max = absl::Seconds(100), .jitter = 0.2});
    const absl::Duration wait = backoff.Next();
    EXPECT_GE(wait, absl::Milliseconds(800));
    EXPECT_LE(wait, absl::Milliseconds(1200));
  }
}

}  // namespace
}  // namespace timbre::client
