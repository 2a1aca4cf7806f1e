#pragma once

#include <filesystem>
#include <string>

#include "core/embed/embedder.h"
#include "core/registry/model_store.h"
#include "server/rpc/unary.h"
#include "timbre/v1/inference_service.grpc.pb.h"

namespace timbre::services {

// What GetInfo tells beside the models.
struct ServerFacts {
  std::string version;
  std::string build;
  std::string engine;
  std::string device;
  v1::Limits limits;
};

// Embed, Tag, EmbedStream, TagStream, GetInfo. Threads: safe.
class InferenceService final : public v1::InferenceService::CallbackService {
 public:
  struct Dependencies {
    embed::Embedder& embedder;
    registry::ModelStore& models;
    const rpc::UnaryRunner& runner;
    ServerFacts facts;
    std::filesystem::path spool_dir;  // encoded streams are kept there while they come
  };
  explicit InferenceService(Dependencies dependencies) : deps_(std::move(dependencies)) {}

  grpc::ServerUnaryReactor* Embed(grpc::CallbackServerContext* context, const v1::EmbedRequest* request,
                                  v1::EmbedResponse* response) override;
  grpc::ServerUnaryReactor* Tag(grpc::CallbackServerContext* context, const v1::TagRequest* request,
                                v1::TagResponse* response) override;
  grpc::ServerBidiReactor<v1::EmbedStreamRequest, v1::EmbedStreamResponse>* EmbedStream(
      grpc::CallbackServerContext* context) override;
  grpc::ServerBidiReactor<v1::TagStreamRequest, v1::TagStreamResponse>* TagStream(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* GetInfo(grpc::CallbackServerContext* context, const v1::GetInfoRequest* request,
                                    v1::GetInfoResponse* response) override;

 private:
  Dependencies deps_;
};

}  // namespace timbre::services
