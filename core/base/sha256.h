#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace timbre::base {

// SHA-256 (FIPS 180-4, by OpenSSL) of a stream of bytes. What is hashed as a list of fields goes through
// AddField and AddNumber, so that no two lists give the same bytes. Threads: compatible.
class Sha256 {
 public:
  Sha256();
  ~Sha256();

  // Raw bytes, as they are.
  void Update(std::string_view bytes);
  void Update(std::span<const std::byte> bytes);

  // A number as 8 little-endian bytes; a text as its length and its bytes.
  void AddNumber(uint64_t number);
  void AddField(std::string_view text);

  // 64 lower-case hex digits. Ends the stream: nothing may be added afterwards.
  std::string HexDigest();

 private:
  struct Deleter {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Deleter> context_;
};

}  // namespace timbre::base
