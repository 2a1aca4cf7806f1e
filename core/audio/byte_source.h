#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "absl/status/statusor.h"

namespace timbre::audio {

// Bytes that can be read at any position: a request's body or a file.
// Threads: compatible.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual int64_t size_bytes() const = 0;

  // Reads up to out.size() bytes from `offset`; returns how many, fewer only at the end or after a read
  // error.
  virtual size_t ReadAt(int64_t offset, std::span<std::byte> out) = 0;
};

// Lifetime: `bytes` must outlive it.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::span<const std::byte> bytes) : bytes_(bytes) {}
  int64_t size_bytes() const override { return static_cast<int64_t>(bytes_.size()); }
  size_t ReadAt(int64_t offset, std::span<std::byte> out) override;

 private:
  std::span<const std::byte> bytes_;
};

class FileSource final : public ByteSource {
 public:
  // Errors: kNotFound · kInvalidArgument not a regular file · kInternal cannot be opened.
  static absl::StatusOr<FileSource> Open(const std::filesystem::path& path);
  FileSource(FileSource&& other) noexcept;
  FileSource& operator=(FileSource&&) = delete;
  ~FileSource() override;

  int64_t size_bytes() const override { return size_bytes_; }
  size_t ReadAt(int64_t offset, std::span<std::byte> out) override;

 private:
  FileSource(int descriptor, int64_t size_bytes) : descriptor_(descriptor), size_bytes_(size_bytes) {}
  int descriptor_;
  int64_t size_bytes_;
};

}  // namespace timbre::audio
