#pragma once

#include <filesystem>

namespace timbre::security {

// PEM files of a server.
struct TlsFiles {
  std::filesystem::path certificate;
  std::filesystem::path private_key;
  std::filesystem::path client_authorities;  // empty: clients are not asked for a certificate
  bool require_client_certificate = false;
};

}  // namespace timbre::security
