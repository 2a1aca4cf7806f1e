#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace timbre::security {

// What somebody may do. kTrain includes kInfer, kAdmin includes both.
enum class Role : uint8_t { kInfer, kTrain, kAdmin };

// Roles that one identity has. Threads: compatible.
class RoleSet {
 public:
  RoleSet() = default;

  // `names`: infer, train, admin. Errors: kInvalidArgument another name.
  static absl::StatusOr<RoleSet> Parse(const std::vector<std::string>& names);
  static RoleSet All();

  void Add(Role role);
  bool Has(Role role) const { return (bits_ & BitOf(role)) != 0; }
  bool empty() const { return bits_ == 0; }
  std::vector<std::string> names() const;

  friend bool operator==(const RoleSet&, const RoleSet&) = default;

 private:
  static uint8_t BitOf(Role role) { return static_cast<uint8_t>(1U << static_cast<uint8_t>(role)); }
  uint8_t bits_ = 0;
};

const char* RoleName(Role role);

// What a method needs, by its path "/package.Service/Method". Reading and embedding need kInfer, what makes
// or changes jobs, data sets and models kTrain; AdminService, channelz and every method that is not in the
// table kAdmin; health and reflection any role.
Role RequiredRole(std::string_view path);

// Whether the table names the method, for the test that no method of the API is forgotten.
bool IsInRoleTable(std::string_view path);

}  // namespace timbre::security
