#pragma once

// TIMBRE_RETURN_IF_ERROR(expr)          returns the status of `expr` from the function unless it is OK.
// TIMBRE_ASSIGN_OR_RETURN(lhs, expr)    assigns the value of a StatusOr, or returns its status.
// Abseil 20220623 (Debian 12) has neither; a later Abseil's own macros can replace this file.

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define TIMBRE_MACRO_JOIN_INNER(a, b) a##b
#define TIMBRE_MACRO_JOIN(a, b) TIMBRE_MACRO_JOIN_INNER(a, b)

#define TIMBRE_RETURN_IF_ERROR(expr)                                  \
  do {                                                                \
    if (::absl::Status timbre_status = (expr); !timbre_status.ok()) { \
      return timbre_status;                                           \
    }                                                                 \
  } while (false)

#define TIMBRE_ASSIGN_OR_RETURN(lhs, expr) \
  TIMBRE_ASSIGN_OR_RETURN_INNER(TIMBRE_MACRO_JOIN(timbre_status_or_, __LINE__), lhs, expr)

#define TIMBRE_ASSIGN_OR_RETURN_INNER(name, lhs, expr) \
  auto name = (expr);                                  \
  if (!name.ok()) return std::move(name).status();     \
  lhs = std::move(name).value()
