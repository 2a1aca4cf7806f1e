#pragma once

#include <cstdint>
#include <optional>

#include "core/audio/byte_source.h"

namespace timbre::audio {

// The containers that are let through to the decoder library; its many others never see a byte of a request.
enum class Container { kUnknown, kWav, kAiff, kAu, kCaf, kFlac, kOgg, kMp3 };

inline constexpr const char* kAllowedFormats = "WAV, FLAC, Ogg Vorbis, Opus, MP3, AIFF, CAF, AU";

// Tells the container by its first bytes; an ID3v2 tag before them is skipped.
Container SniffContainer(ByteSource& source);

// What a container's header says of its sample data.
struct DataClaim {
  std::optional<int64_t> claimed_bytes;  // none: unknown, as a writer to a pipe leaves it
  int64_t available_bytes = 0;           // from the start of the data to the end of the source
  int64_t size_field_offset = 0;         // where the claim stands
};

// The claim of a WAV, AIFF, AU or CAF file; nothing for other containers and when no data chunk is found.
std::optional<DataClaim> ReadDataClaim(ByteSource& source, Container container);

}  // namespace timbre::audio
