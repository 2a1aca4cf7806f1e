#include "core/audio/container.h"

#include <array>
#include <cstring>
#include <string_view>

namespace timbre::audio {
namespace {

constexpr int kMaxChunks = 4096;

// Where the chunks of an IFF-like file begin and how their headers look.
struct ChunkLayout {
  int64_t first_chunk_offset;
  int size_bytes;  // of the chunk size: 4 or 8
  bool big_endian;
  bool padded;  // to even sizes
  std::string_view data_name;
};

std::string_view ReadText(ByteSource& source, int64_t offset, std::array<char, 12>& buffer) {
  return {buffer.data(), source.ReadAt(offset, std::as_writable_bytes(std::span(buffer)))};
}

std::optional<uint64_t> ReadInteger(ByteSource& source, int64_t offset, int bytes, bool big_endian) {
  std::array<std::byte, 8> raw{};
  const auto wanted = std::span(raw).first(static_cast<size_t>(bytes));
  if (source.ReadAt(offset, wanted) != wanted.size()) return std::nullopt;
  uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) {
    value = value << 8 | std::to_integer<uint64_t>(raw[static_cast<size_t>(big_endian ? i : bytes - 1 - i)]);
  }
  return value;
}

// The length of an ID3v2 tag at `offset`; its size field has 7 bits a byte.
int64_t Id3Bytes(ByteSource& source, int64_t offset) {
  std::array<std::byte, 10> head{};
  if (source.ReadAt(offset, head) != head.size() || std::memcmp(head.data(), "ID3", 3) != 0) return 0;
  int64_t size = 0;
  for (size_t i = 6; i < 10; ++i) size = size << 7 | (std::to_integer<int64_t>(head[i]) & 0x7f);
  return size + static_cast<int64_t>(head.size());
}

// What writers leave in a 32-bit size that they could not go back to: 0, all ones (ffmpeg subtracts header
// bytes), or sox's "as long as can be" of 0x7ffff000 (WAV) and 0x7f000000 (AIFF) in whole frames.
bool IsPlaceholder(uint64_t size) {
  return size == 0 || size >= 0xffffff00 || (size >= 0x7fffe000 && size <= 0x7fffffff) ||
         (size >= 0x7effff00 && size <= 0x7f000100);
}

std::optional<DataClaim> FindDataChunk(ByteSource& source, const ChunkLayout& layout) {
  int64_t offset = layout.first_chunk_offset;
  std::array<char, 12> buffer{};
  for (int i = 0; i < kMaxChunks; ++i) {
    const std::string_view name = ReadText(source, offset, buffer).substr(0, 4);
    const auto size = ReadInteger(source, offset + 4, layout.size_bytes, layout.big_endian);
    if (name.size() < 4 || !size) return std::nullopt;
    const int64_t body = offset + 4 + layout.size_bytes;
    if (name == layout.data_name) {
      DataClaim claim{.claimed_bytes = std::nullopt,
                      .available_bytes = source.size_bytes() - body,
                      .size_field_offset = offset + 4};
      const bool placeholder = layout.size_bytes == 8 ? *size >> 63 != 0 : IsPlaceholder(*size) && *size != 0;
      if (!placeholder) claim.claimed_bytes = static_cast<int64_t>(*size);
      return claim;
    }
    if (*size > static_cast<uint64_t>(source.size_bytes())) return std::nullopt;
    offset = body + static_cast<int64_t>(*size + (layout.padded ? *size % 2 : 0));
  }
  return std::nullopt;
}

std::optional<DataClaim> WavClaim(ByteSource& source) {
  auto claim = FindDataChunk(source, {12, 4, false, true, "data"});
  // A data size of 0 means "not known" only where the file's own size was left open too; else the file is
  // empty.
  if (claim && claim->claimed_bytes == 0) {
    const uint64_t riff_size = ReadInteger(source, 4, 4, false).value_or(0);
    if (IsPlaceholder(riff_size) || riff_size == 8) claim->claimed_bytes.reset();
  }
  return claim;
}

std::optional<DataClaim> AuClaim(ByteSource& source) {
  const auto data_offset = ReadInteger(source, 4, 4, true);
  const auto size = ReadInteger(source, 8, 4, true);
  if (!data_offset || !size) return std::nullopt;
  DataClaim claim{.claimed_bytes = std::nullopt,
                  .available_bytes = source.size_bytes() - static_cast<int64_t>(*data_offset),
                  .size_field_offset = 8};
  if (*size == 0 || !IsPlaceholder(*size)) claim.claimed_bytes = static_cast<int64_t>(*size);
  return claim;
}

}  // namespace

Container SniffContainer(ByteSource& source) {
  const int64_t tag_bytes = Id3Bytes(source, 0);
  std::array<char, 12> buffer{};
  const std::string_view head = ReadText(source, tag_bytes, buffer);
  if (head.size() < 4) return Container::kUnknown;
  if (head.starts_with("fLaC")) return Container::kFlac;
  const auto byte = [head](size_t i) { return static_cast<unsigned char>(head[i]); };
  if (tag_bytes > 0 || (byte(0) == 0xff && (byte(1) & 0xe0) == 0xe0)) return Container::kMp3;
  const std::string_view form = head.size() == 12 ? head.substr(8, 4) : std::string_view();
  if (head.starts_with("RIFF") && form == "WAVE") return Container::kWav;
  if (head.starts_with("FORM") && (form == "AIFF" || form == "AIFC")) return Container::kAiff;
  if (head.starts_with(".snd")) return Container::kAu;
  if (head.starts_with("caff")) return Container::kCaf;
  return head.starts_with("OggS") ? Container::kOgg : Container::kUnknown;
}

std::optional<DataClaim> ReadDataClaim(ByteSource& source, Container container) {
  switch (container) {
    case Container::kWav:
      return WavClaim(source);
    case Container::kAiff:
      return FindDataChunk(source, {12, 4, true, true, "SSND"});
    case Container::kCaf:
      return FindDataChunk(source, {8, 8, true, false, "data"});
    case Container::kAu:
      return AuClaim(source);
    default:
      return std::nullopt;
  }
}

}  // namespace timbre::audio
