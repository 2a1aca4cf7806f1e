#pragma once

#include "server/services/audio_stream_reactor.h"
#include "timbre/v1/inference_service.grpc.pb.h"

namespace timbre::services {

// The reactor of one TagStream call; it deletes itself.
grpc::ServerBidiReactor<v1::TagStreamRequest, v1::TagStreamResponse>* NewTagStream(
    const StreamDependencies& deps, grpc::CallbackServerContext* context);

}  // namespace timbre::services
