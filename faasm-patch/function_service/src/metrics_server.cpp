#include <function_service/metrics_server.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <optional>
#include <system_error>
#include <thread>

namespace function_service {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

constexpr size_t MAX_CONNECTIONS = 32;
constexpr size_t MAX_REQUEST_BYTES = 16 * 1024;
constexpr std::chrono::seconds TIMEOUT{ 10 };
constexpr std::chrono::milliseconds ACCEPT_RETRY{ 100 };

// Counts itself while it lives. On the server's thread.
class Connection : public std::enable_shared_from_this<Connection>
{
  public:
    Connection(tcp::socket socket,
               size_t& open,
               const std::function<std::string()>& text)
      : stream(std::move(socket))
      , open(open)
      , text(text)
    {
        open++;
    }

    ~Connection() { open--; }

    void read()
    {
        parser.emplace();
        parser->header_limit(MAX_REQUEST_BYTES);
        parser->body_limit(MAX_REQUEST_BYTES);
        stream.expires_after(TIMEOUT);
        http::async_read(stream,
                         buffer,
                         *parser,
                         [self = shared_from_this()](auto error, size_t) {
                             if (!error) {
                                 self->answer();
                             }
                         });
    }

  private:
    void answer()
    {
        const auto& request = parser->get();
        response = {};
        response.version(request.version());
        response.keep_alive(request.keep_alive());
        if (request.target() != "/metrics") {
            response.result(http::status::not_found);
        } else if (request.method() != http::verb::get &&
                   request.method() != http::verb::head) {
            response.result(http::status::method_not_allowed);
        } else {
            response.set(http::field::content_type,
                         "text/plain; version=0.0.4; charset=utf-8");
            response.body() = text();
        }
        response.prepare_payload();
        if (request.method() == http::verb::head) {
            response.body().clear();
        }
        stream.expires_after(TIMEOUT);
        http::async_write(
          stream, response, [self = shared_from_this()](auto error, size_t) {
              if (!error && self->response.keep_alive()) {
                  self->read();
              }
          });
    }

    beast::tcp_stream stream;
    beast::flat_buffer buffer{ 2 * MAX_REQUEST_BYTES };
    std::optional<http::request_parser<http::string_body>> parser;
    http::response<http::string_body> response;
    size_t& open;
    const std::function<std::string()>& text;
};

}

class MetricsServer::Impl
{
  public:
    Impl(const std::string& host,
         uint16_t port,
         std::function<std::string()> text)
      : text(std::move(text))
      , acceptor(context, tcp::endpoint(asio::ip::make_address(host), port))
    {
        accept();
        thread = std::thread([this] { context.run(); });
    }

    ~Impl()
    {
        context.stop();
        thread.join();
    }

    uint16_t port() const { return acceptor.local_endpoint().port(); }

  private:
    void accept()
    {
        acceptor.async_accept([this](auto error, tcp::socket socket) {
            if (error == asio::error::operation_aborted) {
                return;
            }
            if (error) {
                // There is no descriptor left, most likely.
                retry.expires_after(ACCEPT_RETRY);
                retry.async_wait([this](auto) { accept(); });
                return;
            }
            if (open < MAX_CONNECTIONS) {
                std::make_shared<Connection>(std::move(socket), open, text)
                  ->read();
            }
            accept();
        });
    }

    // Connections count themselves down when the context goes: it is destroyed
    // first.
    size_t open = 0;
    const std::function<std::string()> text;
    asio::io_context context{ 1 };
    tcp::acceptor acceptor;
    asio::steady_timer retry{ context };
    std::thread thread;
};

MetricsServer::MetricsServer(const std::string& host,
                             uint16_t port,
                             std::function<std::string()> text)
  : impl(std::make_unique<Impl>(host, port, std::move(text)))
{}

MetricsServer::~MetricsServer() = default;

uint16_t MetricsServer::port() const
{
    return impl->port();
}

}
