#include "certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace connectrpc::test {

namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using File = std::unique_ptr<std::FILE, decltype(&std::fclose)>;

void extend(X509* certificate, int nid, const char* value)
{
    X509_EXTENSION* extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

Certificate makeCertificate(EVP_PKEY* key,
                            const char* name,
                            X509* issuer,
                            EVP_PKEY* issuerKey)
{
    static long serial = 1;
    Certificate it(X509_new(), &X509_free);
    X509_set_version(it.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(it.get()), serial++);
    X509_gmtime_adj(X509_getm_notBefore(it.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(it.get()), 3600);
    X509_NAME* subject = X509_get_subject_name(it.get());
    for (const auto& [field, text] :
         { std::pair{ "O", "Tests, Inc" }, std::pair{ "CN", name } }) {
        X509_NAME_add_entry_by_txt(subject,
                                   field,
                                   MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(text),
                                   -1,
                                   -1,
                                   0);
    }
    X509_set_issuer_name(
      it.get(), issuer != nullptr ? X509_get_subject_name(issuer) : subject);
    X509_set_pubkey(it.get(), key);
    if (issuer == nullptr) {
        extend(it.get(), NID_basic_constraints, "critical,CA:TRUE");
    } else {
        extend(it.get(), NID_subject_alt_name, "IP:127.0.0.1");
    }
    X509_sign(it.get(), issuerKey, EVP_sha256());
    return it;
}

void writeKey(const std::string& name, EVP_PKEY* key)
{
    const File file(std::fopen(name.c_str(), "w"), &std::fclose);
    PEM_write_PrivateKey(
      file.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
}

void writeCertificate(const std::string& name, X509* certificate)
{
    const File file(std::fopen(name.c_str(), "w"), &std::fclose);
    PEM_write_X509(file.get(), certificate);
}

}

Certificates::Certificates()
{
    std::string name =
      (std::filesystem::temp_directory_path() / "connect-tests-XXXXXX")
        .string();
    if (mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("no temporary folder");
    }
    folder = name;
    const Key caKey(EVP_EC_gen("P-256"), &EVP_PKEY_free);
    const Certificate ca =
      makeCertificate(caKey.get(), "ca", nullptr, caKey.get());
    writeCertificate(file("ca.pem"), ca.get());
    for (const char* who : { "server", "client" }) {
        const Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
        const Certificate certificate =
          makeCertificate(key.get(), who, ca.get(), caKey.get());
        writeKey(file(std::string(who) + ".key"), key.get());
        writeCertificate(file(std::string(who) + ".pem"), certificate.get());
    }
}

Certificates::~Certificates()
{
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
}

ClientContext clientContext(const Certificates& certificates, ClientTls tls)
{
    ClientContext context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
    SSL_CTX_load_verify_file(context.get(),
                             certificates.file("ca.pem").c_str());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_max_proto_version(context.get(), tls.maxVersion);
    if (!tls.alpn.empty()) {
        SSL_CTX_set_alpn_protos(
          context.get(),
          reinterpret_cast<const unsigned char*>(tls.alpn.data()),
          static_cast<unsigned>(tls.alpn.size()));
    }
    if (tls.withCertificate) {
        SSL_CTX_use_certificate_file(context.get(),
                                     certificates.file("client.pem").c_str(),
                                     SSL_FILETYPE_PEM);
        SSL_CTX_use_PrivateKey_file(context.get(),
                                    certificates.file("client.key").c_str(),
                                    SSL_FILETYPE_PEM);
    }
    return context;
}

}
