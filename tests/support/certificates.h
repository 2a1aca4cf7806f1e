#pragma once

#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY
struct x509_st;      // OpenSSL's X509

namespace timbre::testing {

// PEM texts.
struct IssuedCertificate {
  std::string certificate;
  std::string private_key;
};

// A certificate authority of a test, with a key of its own (P-256).
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name);
  ~TestAuthority();

  std::string certificate() const;

  struct Request {
    std::string common_name;
    std::string alternative_names;  // such as "DNS:localhost,IP:127.0.0.1"; empty: none
    absl::Time begins = absl::Now() - absl::Hours(1);
    absl::Time ends = absl::Now() + absl::Hours(24);
  };
  IssuedCertificate Issue(const Request& request) const;

 private:
  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<x509_st> certificate_;
};

}  // namespace timbre::testing
