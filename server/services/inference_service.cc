#include "server/services/inference_service.h"

#include <utility>

#include "core/base/status_macros.h"
#include "server/convert/inference_convert.h"
#include "server/convert/model_convert.h"
#include "server/convert/names.h"
#include "server/services/embed_stream.h"
#include "server/services/phases.h"
#include "server/services/tag_stream.h"

namespace timbre::services {
namespace {

absl::StatusOr<embed::EmbedRequest> FromProto(const v1::EmbedRequest& proto) {
  embed::EmbedRequest request;
  TIMBRE_ASSIGN_OR_RETURN(request.audio, convert::AudioFromProto(proto.audio()));
  TIMBRE_ASSIGN_OR_RETURN(request.model, convert::ParseSelector(proto.model(), ""));
  request.expect_space_id = proto.expect_space_id();
  return request;
}

absl::StatusOr<embed::EmbedRequest> FromProto(const v1::TagRequest& proto) {
  if (proto.top_count() < 0) return absl::InvalidArgumentError("top_count must not be negative");
  embed::EmbedRequest request;
  TIMBRE_ASSIGN_OR_RETURN(request.audio, convert::AudioFromProto(proto.audio()));
  TIMBRE_ASSIGN_OR_RETURN(request.model, convert::ParseSelector(proto.model(), proto.tagger()));
  request.expect_space_id = proto.expect_space_id();
  request.tags = true;
  return request;
}

v1::EmbedResponse ToProto(const embed::EmbedResult& result, const v1::EmbedRequest& request) {
  return convert::EmbedResultToProto(result, request.include_windows());
}

v1::TagResponse ToProto(const embed::EmbedResult& result, const v1::TagRequest& request) {
  return convert::TagResultToProto(result, request.top_count(), request.include_windows());
}

// Converts, embeds, converts back.
template <typename Request, typename Response>
void Run(embed::Embedder& embedder, const rpc::CallContext& call, const rpc::UnaryDone& done,
         const Request& proto, Response& response) {
  absl::StatusOr<embed::EmbedRequest> request = FromProto(proto);
  if (!request.ok()) return done(request.status());
  const absl::StatusOr<embed::Priority> priority = convert::ParsePriority(call.priority);
  if (!priority.ok()) return done(priority.status());
  request->caller = {call.caller.client, *priority, call.caller.account};
  request->deadline = call.deadline;
  request->cancel = call.cancel;
  request->encode = [&proto, &response](const embed::EmbedResult& result) {
    response = ToProto(result, proto);
  };
  embedder.Embed(*std::move(request),
                 [done, &response, &record = *call.record](const absl::StatusOr<embed::EmbedResult>& result) {
                   if (result.ok()) {
                     *response.mutable_timings() = convert::TimingsToProto(result->timings);
                     record.Note({"windows", static_cast<int64_t>(result->windows.size())});
                     record.Note({"audio_seconds", result->audio_seconds});
                     NotePhases(result->timings, record);
                   }
                   done(result.status());
                 });
}

void SetCaller(const security::Caller& caller, const security::Quota& quota, v1::GetInfoResponse& response) {
  v1::CallerInfo& info = *response.mutable_caller();
  info.set_client(caller.client);
  for (const std::string& role : caller.roles.names()) info.add_roles(role);
  info.set_max_requests_per_second(quota.requests_per_second);
  info.set_max_windows_per_second(quota.windows_per_second);
  info.set_max_uploads(quota.uploads);
  info.set_max_jobs(quota.jobs);
}

}  // namespace

grpc::ServerUnaryReactor* InferenceService::Embed(grpc::CallbackServerContext* context,
                                                  const v1::EmbedRequest* request,
                                                  v1::EmbedResponse* response) {
  return deps_.runner.RunAsync(
      "InferenceService/Embed", context, *request,
      [this, request, response](const rpc::CallContext& call, const rpc::UnaryDone& done) {
        Run(deps_.embedder, call, done, *request, *response);
      });
}

grpc::ServerUnaryReactor* InferenceService::Tag(grpc::CallbackServerContext* context,
                                                const v1::TagRequest* request, v1::TagResponse* response) {
  return deps_.runner.RunAsync(
      "InferenceService/Tag", context, *request,
      [this, request, response](const rpc::CallContext& call, const rpc::UnaryDone& done) {
        Run(deps_.embedder, call, done, *request, *response);
      });
}

grpc::ServerBidiReactor<v1::EmbedStreamRequest, v1::EmbedStreamResponse>* InferenceService::EmbedStream(
    grpc::CallbackServerContext* context) {
  return NewEmbedStream({deps_.embedder, deps_.runner.environment(), deps_.spool_dir,
                         deps_.facts.limits.max_encoded_stream_bytes()},
                        context);
}

grpc::ServerBidiReactor<v1::TagStreamRequest, v1::TagStreamResponse>* InferenceService::TagStream(
    grpc::CallbackServerContext* context) {
  return NewTagStream({deps_.embedder, deps_.runner.environment(), deps_.spool_dir,
                       deps_.facts.limits.max_encoded_stream_bytes()},
                      context);
}

grpc::ServerUnaryReactor* InferenceService::GetInfo(grpc::CallbackServerContext* context,
                                                    const v1::GetInfoRequest* request,
                                                    v1::GetInfoResponse* response) {
  return deps_.runner.Run(
      "InferenceService/GetInfo", context, *request, [this, response](const rpc::CallContext& call) {
        SetCaller(call.caller, deps_.runner.environment().gate.quotas().Of(call.caller.account), *response);
        response->set_version(deps_.facts.version);
        response->set_build(deps_.facts.build);
        response->set_engine(deps_.facts.engine);
        response->set_device(deps_.facts.device);
        *response->mutable_limits() = deps_.facts.limits;
        const auto models = deps_.models.ListModels();
        if (!models.ok()) return models.status();
        for (const registry::Model& model : *models) {
          for (const registry::Version& version : model.versions) {
            v1::ServedModel served;
            for (const auto& [label, number] : model.labels) {
              if (number == version.version) served.add_labels(label);
            }
            if (served.labels().empty()) continue;
            *served.mutable_model() = convert::ModelInfoToProto(version);
            if (!version.taggers.empty()) {
              served.set_default_tagger(
                  convert::TaggerName(version.model, version.version, version.taggers.back().id));
            }
            *response->add_served_models() = std::move(served);
          }
        }
        return absl::OkStatus();
      });
}

}  // namespace timbre::services
