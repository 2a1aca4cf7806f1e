#include "server/rpc/trace.h"

#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace timbre::rpc {
namespace {

using ::testing::MatchesRegex;

// The example of the W3C's text.
constexpr char kTraceId[] = "0af7651916cd43dd8448eb211c80319c";
constexpr char kParentId[] = "b7ad6b7169203331";
constexpr char kHeader[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(TraceTest, AGivenTraceGoesOnInASpanOfItsOwn) {
  const Trace trace = ContinueTrace(kHeader, "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7");
  EXPECT_EQ(trace.trace_id, kTraceId);
  EXPECT_EQ(trace.parent_id, kParentId);
  EXPECT_TRUE(trace.sampled);
  EXPECT_EQ(trace.state, "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7");
  EXPECT_NE(trace.span_id, kParentId);
  EXPECT_EQ(Traceparent(trace), std::string("00-") + kTraceId + "-" + trace.span_id + "-01");
}

TEST(TraceTest, WhatTheCallerDoesNotSampleIsSaidOn) {
  std::string header = kHeader;
  header.back() = '2';  // a flag that version 00 does not know
  const Trace trace = ContinueTrace(header, "");
  EXPECT_FALSE(trace.sampled);
  EXPECT_THAT(Traceparent(trace), MatchesRegex("00-.*-00"));
}

TEST(TraceTest, AHeaderThatIsNoneBeginsATraceAndDropsTheState) {
  const std::string tail = "-b7ad6b7169203331-01";
  for (const std::string& header : {
           std::string(), std::string("garbage"),
           "00-0AF7651916CD43DD8448EB211C80319C" + tail,            // upper case
           "00-00000000000000000000000000000000" + tail,            // no trace id
           std::string("00-") + kTraceId + "-0000000000000000-01",  // no span id
           std::string("ff-") + kTraceId + tail,                    // no version
           std::string("0x-") + kTraceId + tail, std::string("00_") + kTraceId + tail,
           std::string(kHeader) + "-more",  // longer than version 00 may be
           std::string(kHeader).substr(0, 54),
           "01" + std::string(kHeader).substr(2) + "more",  // higher, but no field follows
       }) {
    const Trace trace = ContinueTrace(header, "congo=t61rcWkgMzE");
    EXPECT_NE(trace.trace_id, kTraceId) << header;
    EXPECT_EQ(trace.parent_id, "") << header;
    EXPECT_EQ(trace.state, "") << header;
    EXPECT_THAT(Traceparent(trace), MatchesRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-01"));
  }
}

TEST(TraceTest, OfAHigherVersionThePartThatIsKnownIsTaken) {
  for (const char* tail : {"", "-what-comes-later"}) {
    const Trace trace = ContinueTrace("cc" + std::string(kHeader).substr(2) + tail, "");
    EXPECT_EQ(trace.trace_id, kTraceId) << tail;
    EXPECT_THAT(Traceparent(trace), MatchesRegex("00-.*-01"));
  }
}

TEST(TraceTest, EachTraceAndSpanIsNew) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const Trace trace = ContinueTrace("", "");
    seen.insert(trace.trace_id);
    seen.insert(trace.span_id);
  }
  EXPECT_EQ(seen.size(), 2000);
}

TEST(TraceTest, AStateTooLongToCarryIsDropped) {
  EXPECT_EQ(ContinueTrace(kHeader, std::string(513, 'a')).state, "");
  EXPECT_EQ(ContinueTrace(kHeader, std::string(512, 'a')).state.size(), 512);
}

TEST(TraceTest, AStateThatMustNotBeSentOnIsDropped) {
  for (const char byte : {'\x80', '\xff', '\x1f', '\x7f', '\t', '\n', '\0'}) {
    const Trace trace = ContinueTrace(kHeader, std::string("congo=") + byte);
    EXPECT_EQ(trace.state, "") << static_cast<int>(byte);
    EXPECT_EQ(trace.trace_id, kTraceId);
  }
}

TEST(TraceTest, ARequestIdIsTakenIfItHasTheFormAndElseMade) {
  EXPECT_EQ(RequestIdFrom("a-Z_0.9"), "a-Z_0.9");
  EXPECT_EQ(RequestIdFrom(std::string(64, 'x')), std::string(64, 'x'));
  for (const std::string& bad : {std::string(), std::string(65, 'x'), std::string("a b"), std::string("a\nb"),
                                 std::string("\xC3\xA9")}) {
    EXPECT_THAT(RequestIdFrom(bad), MatchesRegex("[0-9a-f]{16}")) << bad;
  }
  EXPECT_NE(RequestIdFrom(""), RequestIdFrom(""));
}

}  // namespace
}  // namespace timbre::rpc
