#pragma once

#include <string>
#include <string_view>

namespace timbre::rpc {

// A call's place in a distributed trace: W3C Trace Context, version 00
// (https://www.w3.org/TR/trace-context/).
struct Trace {
  std::string trace_id;   // 32 hex digits, shared by all that one request set going
  std::string parent_id;  // 16 hex digits: the caller's span; empty where the trace begins here
  std::string span_id;    // 16 hex digits: this call's own span
  bool sampled = true;    // the caller's flag; every call is logged either way
  std::string state;      // the caller's tracestate as it came; of printable ASCII alone
};

// Goes on with the caller's trace in a span of its own. A header that is none (or of version ff) begins a
// trace and drops `tracestate`, which is also dropped where it is over 512 bytes or of others than printable
// ASCII; of a higher version the part that version 00 knows is taken.
Trace ContinueTrace(std::string_view traceparent, std::string_view tracestate);

// The header that tells others of this call's span.
std::string Traceparent(const Trace& trace);

// `given` if it is 1 to 64 of [A-Za-z0-9._-], else a new one.
std::string RequestIdFrom(std::string_view given);

}  // namespace timbre::rpc
