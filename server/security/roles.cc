#include "server/security/roles.h"

#include <array>
#include <map>

#include "absl/strings/str_cat.h"

namespace timbre::security {
namespace {

constexpr std::array kRoles = {Role::kInfer, Role::kTrain, Role::kAdmin};

const std::map<std::string_view, Role>& Table() {
  static const auto* const table = new std::map<std::string_view, Role>{
      {"/timbre.v1.InferenceService/Embed", Role::kInfer},
      {"/timbre.v1.InferenceService/Tag", Role::kInfer},
      {"/timbre.v1.InferenceService/EmbedStream", Role::kInfer},
      {"/timbre.v1.InferenceService/TagStream", Role::kInfer},
      {"/timbre.v1.InferenceService/GetInfo", Role::kInfer},
      {"/timbre.v1.ModelService/GetModel", Role::kInfer},
      {"/timbre.v1.ModelService/ListModels", Role::kInfer},
      {"/timbre.v1.ModelService/ExportModel", Role::kTrain},
      {"/timbre.v1.ModelService/ImportModel", Role::kTrain},
      {"/timbre.v1.ModelService/DeriveVersion", Role::kTrain},
      {"/timbre.v1.ModelService/SetLabel", Role::kTrain},
      {"/timbre.v1.ModelService/DeleteModel", Role::kTrain},
      {"/timbre.v1.JobService/SubmitJob", Role::kTrain},
      {"/timbre.v1.JobService/GetJob", Role::kTrain},
      {"/timbre.v1.JobService/ListJobs", Role::kTrain},
      {"/timbre.v1.JobService/WatchJob", Role::kTrain},
      {"/timbre.v1.JobService/PauseJob", Role::kTrain},
      {"/timbre.v1.JobService/ResumeJob", Role::kTrain},
      {"/timbre.v1.JobService/CancelJob", Role::kTrain},
      {"/timbre.v1.JobService/DeleteJob", Role::kTrain},
      {"/timbre.v1.DatasetService/CreateDataset", Role::kTrain},
      {"/timbre.v1.DatasetService/UploadDataset", Role::kTrain},
      {"/timbre.v1.DatasetService/GetDataset", Role::kTrain},
      {"/timbre.v1.DatasetService/ListDatasets", Role::kTrain},
      {"/timbre.v1.DatasetService/DeleteDataset", Role::kTrain},
      {"/timbre.v1.DatasetService/PreviewAugmentation", Role::kTrain},
      {"/timbre.v1.AdminService/Drain", Role::kAdmin},
      {"/timbre.v1.AdminService/SetLogLevel", Role::kAdmin},
      {"/timbre.v1.AdminService/Backup", Role::kAdmin},
      {"/grpc.health.v1.Health/Check", Role::kInfer},
      {"/grpc.health.v1.Health/Watch", Role::kInfer},
      {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", Role::kInfer},
  };
  return *table;
}

}  // namespace

const char* RoleName(Role role) {
  switch (role) {
    case Role::kInfer:
      return "infer";
    case Role::kTrain:
      return "train";
    case Role::kAdmin:
      return "admin";
  }
  return "";
}

void RoleSet::Add(Role role) {
  for (const Role included : kRoles) {
    if (included <= role) bits_ |= BitOf(included);
  }
}

absl::StatusOr<RoleSet> RoleSet::Parse(const std::vector<std::string>& names) {
  RoleSet roles;
  for (const std::string& name : names) {
    bool known = false;
    for (const Role role : kRoles) {
      if (name != RoleName(role)) continue;
      roles.Add(role);
      known = true;
    }
    if (!known)
      return absl::InvalidArgumentError(absl::StrCat("a role is infer, train or admin, got '", name, "'"));
  }
  return roles;
}

RoleSet RoleSet::All() {
  RoleSet roles;
  roles.Add(Role::kAdmin);
  return roles;
}

std::vector<std::string> RoleSet::names() const {
  std::vector<std::string> names;
  for (const Role role : kRoles) {
    if (Has(role)) names.emplace_back(RoleName(role));
  }
  return names;
}

Role RequiredRole(std::string_view path) {
  const auto found = Table().find(path);
  return found == Table().end() ? Role::kAdmin : found->second;
}

bool IsInRoleTable(std::string_view path) { return Table().contains(path); }

}  // namespace timbre::security
