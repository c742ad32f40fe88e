#pragma once

#include <openssl/ssl.h>

#include <filesystem>
#include <memory>
#include <string>

namespace connectrpc::test {

// A CA, a certificate for 127.0.0.1 and one for a client, as PEM files that go
// with it.
class Certificates
{
  public:
    Certificates();
    ~Certificates();

    Certificates(const Certificates&) = delete;
    Certificates& operator=(const Certificates&) = delete;

    std::string file(const std::string& name) const
    {
        return (folder / name).string();
    }

  private:
    std::filesystem::path folder;
};

using ClientContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

struct ClientTls
{
    // "" for none, else ALPN's wire form.
    std::string alpn = "\2h2";
    bool withCertificate = false;
    int maxVersion = 0;
};

ClientContext clientContext(const Certificates& certificates, ClientTls tls);

}
