#include "server/security/authenticator.h"

#include <google/protobuf/descriptor.h>

#include "tests/support/matchers.h"
#include "tests/support/token_line.h"
#include "timbre/v1/admin_service.pb.h"
#include "timbre/v1/dataset_service.pb.h"
#include "timbre/v1/inference_service.pb.h"
#include "timbre/v1/job_service.pb.h"
#include "timbre/v1/model_service.pb.h"

namespace timbre::security {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

RoleSet Roles(const std::vector<std::string>& names) { return RoleSet::Parse(names).value(); }

TokenTable TableOf(const std::string& client, const std::string& token) {
  return TokenTable::Parse(testing::TokenLine(client, "infer", token)).value();
}

Authenticator::Options Known() {
  Authenticator::Options options;
  options.has_tokens = true;
  options.certificate_clients = {{"spiffe://x/gateway", {"gateway", Roles({"train"})}}};
  return options;
}

TEST(AuthenticatorTest, ATokenGoesBeforeACertificate) {
  Authenticator authenticator(Known());
  authenticator.SetTokens(TableOf("radio", "secret"));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Identity both,
                              authenticator.Identify({"Bearer secret", {"spiffe://x/gateway"}}));
  EXPECT_EQ(both.client, "radio");
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Identity certificate,
                              authenticator.Identify({"", {"other", "spiffe://x/gateway"}}));
  EXPECT_EQ(certificate.client, "gateway");
  EXPECT_THAT(authenticator.Identify({"bearer secret", {}}),
              IsOk());  // the scheme's case does not matter (RFC 9110)
}

TEST(AuthenticatorTest, AnUnknownTokenIsAnErrorAlsoWhereAnonymityWouldDo) {
  Authenticator::Options options = Known();
  options.anonymous = Roles({"infer"});
  Authenticator authenticator(options);
  authenticator.SetTokens(TableOf("radio", "secret"));
  EXPECT_THAT(authenticator.Identify({"Bearer wrong", {"spiffe://x/gateway"}}),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("does not know this token")));
  EXPECT_THAT(authenticator.Identify({"Basic c2VjcmV0", {}}),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("Bearer TOKEN")));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Identity nobody, authenticator.Identify({}));
  EXPECT_EQ(nobody.client, "");
  EXPECT_EQ(nobody.roles, Roles({"infer"}));
}

TEST(AuthenticatorTest, WhoShowsNothingIsToldWhatIsWanted) {
  Authenticator authenticator(Known());
  EXPECT_THAT(authenticator.Identify({}),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("--token-file")));
  EXPECT_THAT(authenticator.Identify({"", {"stranger"}}),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("(stranger)")));
}

TEST(AuthenticatorTest, NewTokensTakeTheOldOnesPlace) {
  Authenticator authenticator(Known());
  authenticator.SetTokens(TableOf("radio", "old"));
  authenticator.SetTokens(TableOf("radio", "new"));
  EXPECT_THAT(authenticator.Identify({"Bearer new", {}}), IsOk());
  EXPECT_THAT(authenticator.Identify({"Bearer old", {}}),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("token")));
}

TEST(RolesTest, TrainAlsoInfersAndAdminDoesAll) {
  EXPECT_EQ(Roles({"train"}).names(), (std::vector<std::string>{"infer", "train"}));
  EXPECT_EQ(Roles({"admin"}), RoleSet::All());
  EXPECT_TRUE(RoleSet().empty());
}

// A method that was forgotten would only be open to admin; this says so to who adds it.
TEST(RolesTest, EveryMethodOfTheApiIsInTheTable) {
  for (const google::protobuf::FileDescriptor* file :
       {v1::GetInfoRequest::descriptor()->file(), v1::GetJobRequest::descriptor()->file(),
        v1::Dataset::descriptor()->file(), v1::Model::descriptor()->file(),
        v1::DrainRequest::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) {
      for (int j = 0; j < file->service(i)->method_count(); ++j) {
        const std::string path =
            "/" + file->service(i)->full_name() + "/" + file->service(i)->method(j)->name();
        EXPECT_TRUE(IsInRoleTable(path)) << path;
      }
    }
  }
}

TEST(RolesTest, WhatNobodyThoughtOfNeedsAdmin) {
  for (const char* path :
       {"/grpc.channelz.v1.Channelz/GetServers", "/timbre.v1.JobService/NoSuchMethod", "", "/"}) {
    EXPECT_THAT(Authorize({"lab", Roles({"train"})}, path),
                StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("admin")));
    EXPECT_THAT(Authorize({"boss", Roles({"admin"})}, path), IsOk());
  }
}

TEST(RolesTest, ARefusalNamesTheRoleThatIsWanted) {
  EXPECT_THAT(Authorize({"radio", Roles({"infer"})}, "/timbre.v1.JobService/SubmitJob"),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       HasSubstr("client 'radio' may not call /timbre.v1.JobService/SubmitJob: it needs the "
                                 "role train, and has infer")));
}

}  // namespace
}  // namespace timbre::security
