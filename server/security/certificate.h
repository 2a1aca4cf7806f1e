#pragma once

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace timbre::security {

// A certificate chain with its private key, as PEM texts that belong together.
struct KeyPair {
  std::string certificate_chain;
  std::string private_key;
  absl::Time expires;  // of the first certificate
};

// Reads and checks. Errors: kNotFound, kPermissionDenied as base::ReadFile · kInvalidArgument no PEM, no
// certificate, a key that is encrypted or does not belong to the certificate, a certificate that has expired
// or does not hold yet.
absl::StatusOr<KeyPair> ReadKeyPair(const std::filesystem::path& certificate,
                                    const std::filesystem::path& private_key, absl::Time now);

// A file of one certificate or more, PEM. Errors: as ReadKeyPair.
absl::StatusOr<std::string> ReadAuthorities(const std::filesystem::path& file);

}  // namespace timbre::security
