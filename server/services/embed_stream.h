#pragma once

#include "server/services/audio_stream_reactor.h"
#include "timbre/v1/inference_service.grpc.pb.h"

namespace timbre::services {

// The reactor of one EmbedStream call; it deletes itself.
grpc::ServerBidiReactor<v1::EmbedStreamRequest, v1::EmbedStreamResponse>* NewEmbedStream(
    const StreamDependencies& deps, grpc::CallbackServerContext* context);

}  // namespace timbre::services
