#include "server/rpc/trace.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace timbre::rpc {
namespace {

// version "-" trace-id "-" parent-id "-" flags
constexpr size_t kTraceIdAt = 3, kTraceIdDigits = 32;
constexpr size_t kParentIdAt = 36, kSpanIdDigits = 16;
constexpr size_t kFlagsAt = 53, kLength = 55;
constexpr size_t kMaxState = 512;
constexpr size_t kMaxRequestId = 64;

uint64_t RandomBits() {
  thread_local std::mt19937_64 engine = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device(), device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  return engine();
}

std::string Hex(uint64_t bits) { return absl::StrCat(absl::Hex(bits, absl::kZeroPad16)); }

// Not all zeros, which would be no id.
std::string NewSpanId() { return Hex(std::max<uint64_t>(RandomBits(), 1)); }

bool IsLowerHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// gRPC takes any bytes as a header's value, and ends the process where it is to send others than these.
bool IsSendable(std::string_view state) {
  return state.size() <= kMaxState &&
         std::all_of(state.begin(), state.end(), [](unsigned char c) { return absl::ascii_isprint(c); });
}

bool IsZero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

std::optional<Trace> Parse(std::string_view header) {
  if (header.size() < kLength) return std::nullopt;
  const std::string_view version = header.substr(0, 2);
  const std::string_view trace_id = header.substr(kTraceIdAt, kTraceIdDigits);
  const std::string_view parent_id = header.substr(kParentIdAt, kSpanIdDigits);
  const std::string_view flags = header.substr(kFlagsAt, 2);
  for (const size_t dash : {kTraceIdAt - 1, kParentIdAt - 1, kFlagsAt - 1}) {
    if (header[dash] != '-') return std::nullopt;
  }
  for (const std::string_view part : {version, trace_id, parent_id, flags}) {
    if (!IsLowerHex(part)) return std::nullopt;
  }
  if (version == "ff" || IsZero(trace_id) || IsZero(parent_id)) return std::nullopt;
  if (header.size() > kLength && (version == "00" || header[kLength] != '-')) return std::nullopt;
  Trace trace;
  trace.trace_id = std::string(trace_id);
  trace.parent_id = std::string(parent_id);
  const char low = flags[1];
  trace.sampled = ((low <= '9' ? low - '0' : low - 'a' + 10) & 1) != 0;
  return trace;
}

}  // namespace

Trace ContinueTrace(std::string_view traceparent, std::string_view tracestate) {
  Trace trace;
  if (std::optional<Trace> parsed = Parse(traceparent)) {
    trace = *std::move(parsed);
    if (IsSendable(tracestate)) trace.state = std::string(tracestate);
  } else {
    trace.trace_id = absl::StrCat(NewSpanId(), Hex(RandomBits()));
  }
  trace.span_id = NewSpanId();
  return trace;
}

std::string Traceparent(const Trace& trace) {
  return absl::StrCat("00-", trace.trace_id, "-", trace.span_id, trace.sampled ? "-01" : "-00");
}

std::string RequestIdFrom(std::string_view given) {
  const bool fits = !given.empty() && given.size() <= kMaxRequestId &&
                    std::all_of(given.begin(), given.end(), [](unsigned char c) {
                      return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
                    });
  return fits ? std::string(given) : Hex(RandomBits());
}

}  // namespace timbre::rpc
