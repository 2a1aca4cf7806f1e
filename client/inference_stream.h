#pragma once

// The streaming calls of InferenceService: audio goes in chunks, windows come as they are ready.

#include <timbre/v1/inference_service.pb.h>

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "client/connection.h"

namespace timbre::client {

// Puts the next bytes into `chunk`; false when there are no more. Runs on a thread of the call's own.
using ChunkSource = std::function<bool(std::string& chunk)>;

// Cuts `bytes` (which must outlive the source) into chunks.
ChunkSource ChunksOf(const std::string& bytes, int chunk_bytes);

// Sends the config and all chunks while it gathers the answers; the result looks like Embed's, windows
// included, without timings.
// Errors: as EmbedStream lists them · kDataLoss a stream that ends OK without its last message. Never tried
// again: a source can be read once. The deadline is the connection's, for the whole stream.
absl::StatusOr<v1::EmbedResponse> EmbedStream(const Connection& connection,
                                              const v1::EmbedStreamConfig& config, const ChunkSource& source);

// Likewise; `tags` are all of them, highest first.
absl::StatusOr<v1::TagResponse> TagStream(const Connection& connection, const v1::TagStreamConfig& config,
                                          const ChunkSource& source);

}  // namespace timbre::client
