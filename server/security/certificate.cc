#include "server/security/certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>

#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/status_macros.h"

namespace timbre::security {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

absl::Status Bad(const std::filesystem::path& file, const std::string& what) {
  ERR_clear_error();
  return absl::InvalidArgumentError(absl::StrCat(file.string(), ": ", what));
}

Owned<BIO> Reader(const std::string& pem) {
  return Owned<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

absl::StatusOr<Owned<X509>> FirstCertificate(const std::string& pem, const std::filesystem::path& file) {
  Owned<X509> certificate(PEM_read_bio_X509(Reader(pem).get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) return Bad(file, "holds no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  return certificate;
}

template <typename Write>
std::string Written(Write write) {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || write(bio.get()) != 1) return "";
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

absl::StatusOr<std::string> AllCertificates(const std::string& pem, const std::filesystem::path& file) {
  const Owned<BIO> reader = Reader(pem);
  std::string all;
  while (const Owned<X509> certificate{PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr)}) {
    all += Written([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); });
  }
  if (all.empty()) return Bad(file, "holds no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  ERR_clear_error();
  return all;
}

// An encrypted key has no one to ask for its password.
int NoPassword(char*, int, int, void*) { return -1; }

absl::StatusOr<absl::Time> ToTime(const ASN1_TIME* time, const std::filesystem::path& file) {
  std::tm parts = {};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return Bad(file, "a time of the certificate cannot be read");
  return absl::FromTM(parts, absl::UTCTimeZone());
}

}  // namespace

absl::StatusOr<KeyPair> ReadKeyPair(const std::filesystem::path& certificate_file,
                                    const std::filesystem::path& private_key_file, absl::Time now) {
  KeyPair pair;
  TIMBRE_ASSIGN_OR_RETURN(pair.certificate_chain, base::ReadFile(certificate_file));
  TIMBRE_ASSIGN_OR_RETURN(pair.private_key, base::ReadFile(private_key_file));
  TIMBRE_ASSIGN_OR_RETURN(const Owned<X509> certificate,
                          FirstCertificate(pair.certificate_chain, certificate_file));
  const Owned<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(Reader(pair.private_key).get(), nullptr, NoPassword, nullptr));
  if (key == nullptr) return Bad(private_key_file, "holds no private key in PEM, or one with a password");
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return Bad(private_key_file,
               absl::StrCat("is not the key of the certificate in ", certificate_file.string()));
  }
  TIMBRE_ASSIGN_OR_RETURN(pair.expires, ToTime(X509_get0_notAfter(certificate.get()), certificate_file));
  TIMBRE_ASSIGN_OR_RETURN(const absl::Time begins,
                          ToTime(X509_get0_notBefore(certificate.get()), certificate_file));
  if (pair.expires <= now) {
    return Bad(certificate_file, absl::StrCat("the certificate expired on ", absl::FormatTime(pair.expires)));
  }
  if (begins > now)
    return Bad(certificate_file, absl::StrCat("the certificate holds from ", absl::FormatTime(begins)));
  // Written anew: nothing but the key from the one file and nothing but certificates from the other, so that
  // whoever reads them together takes the same certificate for the first.
  TIMBRE_ASSIGN_OR_RETURN(pair.certificate_chain, AllCertificates(pair.certificate_chain, certificate_file));
  pair.private_key = Written([&key](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  return pair;
}

absl::StatusOr<std::string> ReadAuthorities(const std::filesystem::path& file) {
  TIMBRE_ASSIGN_OR_RETURN(const std::string pem, base::ReadFile(file));
  return AllCertificates(pem, file);
}

}  // namespace timbre::security
