#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace connectrpc::http {

// Hears of a transport's operations. At most one of each kind is under way, and
// keeps its listener alive.
class TransportListener
{
  public:
    virtual ~TransportListener() = default;

    // The bytes are valid during the call.
    virtual void onRead(const boost::system::error_code& error,
                        std::string_view bytes) = 0;
    virtual void onWritten(const boost::system::error_code& error,
                           size_t count) = 0;
};

// A connection's bytes. Used and called back on one thread.
class Transport
{
  public:
    using Socket = boost::asio::ip::tcp::socket;
    using Error = boost::system::error_code;
    using Listener = std::shared_ptr<TransportListener>;

    virtual ~Transport() = default;

    // Ends with onWritten, of no bytes.
    virtual void handshake(Listener listener) = 0;

    // Of a client certificate that was verified.
    virtual std::string certificateSubject() = 0;

    // Ends with onRead.
    virtual void read(Listener listener) = 0;

    // Writes what goes out at once.
    virtual size_t writeNow(std::string_view bytes, Error& error) = 0;

    // Ends with onWritten when some of the bytes, which have to stay, are out.
    virtual void write(std::string_view bytes, Listener listener) = 0;

    // Tells the peer that nothing follows. Reading goes on.
    virtual void shutdown(Listener listener) = 0;

    // Operations that are under way end with an error.
    virtual void close() = 0;
};

// `buffer` is shared by all connections of a thread.
std::unique_ptr<Transport> makeTcpTransport(Transport::Socket socket,
                                            std::string& buffer);

std::unique_ptr<Transport> makeTlsTransport(Transport::Socket socket,
                                            boost::asio::ssl::context& context);

}
