// The server under test of the official Connect conformance suite: reads how it
// shall serve from stdin, tells on stdout where it does, and serves until
// SIGTERM.
// https://github.com/connectrpc/conformance/blob/main/docs/testing_servers.md

#include "conformance_service.h"

#include <connect/server.h>

#include <connectrpc/conformance/v1/server_compat.pb.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>

namespace {

namespace v1 = connectrpc::conformance::v1;

// Far above any request of the suite.
constexpr uint32_t maxRequestBytes = 1024 * 1024;

// A 4-byte big-endian length, then as many bytes.
v1::ServerCompatRequest readRequest()
{
    unsigned char prefix[4];
    std::cin.read(reinterpret_cast<char*>(prefix), sizeof(prefix));
    const uint32_t length = (uint32_t(prefix[0]) << 24) |
                            (uint32_t(prefix[1]) << 16) |
                            (uint32_t(prefix[2]) << 8) | uint32_t(prefix[3]);
    if (!std::cin || length > maxRequestBytes) {
        throw std::runtime_error("no ServerCompatRequest on stdin");
    }
    std::string bytes(length, '\0');
    std::cin.read(bytes.data(), length);
    v1::ServerCompatRequest request;
    if (!std::cin || !request.ParseFromString(bytes)) {
        throw std::runtime_error("the ServerCompatRequest can't be read");
    }
    return request;
}

void writeResponse(const v1::ServerCompatResponse& response)
{
    const std::string bytes = response.SerializeAsString();
    const auto length = static_cast<uint32_t>(bytes.size());
    const char prefix[4] = { static_cast<char>(length >> 24),
                             static_cast<char>(length >> 16),
                             static_cast<char>(length >> 8),
                             static_cast<char>(length) };
    std::cout.write(prefix, sizeof(prefix));
    std::cout.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    std::cout.flush();
}

// PEM files for TlsOptions, gone with it.
class CertificateFolder
{
  public:
    CertificateFolder()
    {
        std::string name =
          (std::filesystem::temp_directory_path() / "conformance-XXXXXX")
            .string();
        if (mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("no temporary folder");
        }
        folder = name;
    }

    ~CertificateFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }

    CertificateFolder(const CertificateFolder&) = delete;
    CertificateFolder& operator=(const CertificateFolder&) = delete;

    std::string write(const std::string& name, const std::string& pem) const
    {
        const std::filesystem::path file = folder / name;
        std::ofstream(file) << pem;
        return file.string();
    }

  private:
    std::filesystem::path folder;
};

}

int main()
{
    try {
        const v1::ServerCompatRequest request = readRequest();
        CertificateFolder certificates;
        connectrpc::ServerOptions options;
        if (request.message_receive_limit() > 0) {
            options.maxMessageBytes = request.message_receive_limit();
        }
        if (request.use_tls()) {
            connectrpc::TlsOptions tls{
                certificates.write("cert.pem", request.server_creds().cert()),
                certificates.write("key.pem", request.server_creds().key())
            };
            if (!request.client_tls_cert().empty()) {
                tls.clientCaFile =
                  certificates.write("client.pem", request.client_tls_cert());
                tls.requireClientCertificate = true;
            }
            options.tls = tls;
        }

        boost::asio::io_context io;
        connectrpc::Server server(options);
        conformance::addConformanceService(server, io);
        server.listen();

        v1::ServerCompatResponse response;
        response.set_host("127.0.0.1");
        response.set_port(server.port());
        if (request.use_tls()) {
            response.set_pem_cert(request.server_creds().cert());
        }
        writeResponse(response);

        boost::asio::signal_set signals(io, SIGINT, SIGTERM);
        signals.async_wait([&](const auto& error, int) {
            if (!error) {
                io.stop();
            }
        });
        io.run();
        server.stop();
    } catch (const std::exception& error) {
        std::cerr << "conformance_server: " << error.what() << '\n';
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
