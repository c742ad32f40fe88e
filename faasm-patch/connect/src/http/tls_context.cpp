#include "tls_context.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <stdexcept>
#include <string_view>

namespace connectrpc::http {

namespace {

namespace ssl = boost::asio::ssl;

constexpr unsigned char alpn[] = { 2, 'h', '2' };

// Clients of nothing but HTTP/1.1 hear it in the handshake.
int selectProtocol(SSL* /*ssl*/,
                   const unsigned char** selected,
                   unsigned char* selectedLength,
                   const unsigned char* offered,
                   unsigned int offeredLength,
                   void* /*argument*/)
{
    unsigned char* found = nullptr;
    if (SSL_select_next_proto(
          &found, selectedLength, alpn, sizeof(alpn), offered, offeredLength) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *selected = found;
    return SSL_TLSEXT_ERR_OK;
}

void use(const std::string& file,
         const char* what,
         const boost::system::error_code& error)
{
    if (error) {
        throw std::runtime_error(std::string(what) + " " + file +
                                 " can't be used: " + error.message());
    }
}

}

ssl::context makeTlsContext(const TlsOptions& options)
{
    ssl::context context(ssl::context::tls_server);
    SSL_CTX* native = context.native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    // Renegotiation costs a client nothing and the server a handshake; a buffer
    // that is given back halves what an idle connection keeps.
    SSL_CTX_set_options(native,
                        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    // Clients resume by tickets, which they keep themselves.
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(native, selectProtocol, nullptr);

    boost::system::error_code error;
    context.use_certificate_chain_file(options.certificateFile, error);
    use(options.certificateFile, "the certificate", error);
    context.use_private_key_file(options.keyFile, ssl::context::pem, error);
    use(options.keyFile, "the key", error);

    if (!options.clientCaFile.empty()) {
        context.load_verify_file(options.clientCaFile, error);
        use(options.clientCaFile, "the client CA", error);
        // Clients choose their certificate by it.
        SSL_CTX_set_client_CA_list(
          native, SSL_load_client_CA_file(options.clientCaFile.c_str()));
        // Without it a session with a client certificate can't be resumed.
        constexpr std::string_view id = "connectrpc";
        SSL_CTX_set_session_id_context(
          native,
          reinterpret_cast<const unsigned char*>(id.data()),
          static_cast<unsigned int>(id.size()));
        context.set_verify_mode(ssl::verify_peer |
                                (options.requireClientCertificate
                                   ? ssl::verify_fail_if_no_peer_cert
                                   : 0));
    } else if (options.requireClientCertificate) {
        throw std::runtime_error(
          "client certificates are required, but there is no CA for them");
    }
    return context;
}

bool speaksHttp2(const SSL* ssl)
{
    const unsigned char* name = nullptr;
    unsigned int length = 0;
    SSL_get0_alpn_selected(ssl, &name, &length);
    return std::string_view(reinterpret_cast<const char*>(name), length) ==
           "h2";
}

std::string subjectOfPeer(const SSL* ssl)
{
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      SSL_get1_peer_certificate(ssl), &X509_free);
    const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new(BIO_s_mem()),
                                                         &BIO_free);
    if (!certificate || !text) {
        return {};
    }
    X509_NAME_print_ex(
      text.get(), X509_get_subject_name(certificate.get()), 0, XN_FLAG_RFC2253);
    char* bytes = nullptr;
    const long length = BIO_get_mem_data(text.get(), &bytes);
    return { bytes, static_cast<size_t>(length) };
}

}
