#pragma once

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace connectrpc::test {

using Fields = std::vector<std::pair<std::string, std::string>>;

// What came back on a stream.
struct Response
{
    Fields headers;
    Fields trailers;
    std::string body;
    bool ended = false;
    std::optional<uint32_t> closedWith;

    std::string field(const std::string& name) const;
};

struct ClientOptions
{
    uint32_t streamWindow = 65535;
    // Whether windows are widened as bytes arrive.
    bool reads = true;
    SSL_CTX* tls = nullptr;
    // Sends not even the preface.
    bool silent = false;
};

// A blocking HTTP/2 client on a socket of its own. For one thread.
class HttpClient
{
  public:
    explicit HttpClient(uint16_t port, ClientOptions options = {});
    ~HttpClient();

    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    // The stream's id. Without `end` more may be sent.
    int32_t request(const std::string& path,
                    std::string body,
                    bool end = true,
                    const Fields& more = {});
    void send(int32_t stream, const std::string& body, bool end);
    void reset(int32_t stream, uint32_t code = NGHTTP2_CANCEL);
    void ping();
    void flush();

    // Until `condition` or the time is over; tells whether it is met.
    bool runUntil(const std::function<bool()>& condition,
                  std::chrono::milliseconds within = std::chrono::seconds(60));
    Response& finish(int32_t stream);

    Response& at(int32_t stream) { return responses[stream].response; }
    bool isClosed() const { return closed; }
    std::optional<uint32_t> goAwayCode;
    int goAways = 0;
    int pongs = 0;
    uint32_t serverSetting(nghttp2_settings_id id) const;
    // Bytes of the body that flow control has not let out.
    size_t unsent(int32_t stream) { return responses[stream].unsent.size(); }
    void consume(int32_t stream, size_t count);

    // Bytes that nghttp2 would not send.
    void sendRaw(const std::string& bytes);

  private:
    struct Stream
    {
        Response response;
        std::string unsent;
        bool ended = false;
        bool deferred = false;
    };
    struct Callbacks;

    ssize_t receive(char* buffer, size_t length);

    const ClientOptions options;
    int socket = -1;
    SSL* ssl = nullptr;
    nghttp2_session* session = nullptr;
    std::map<int32_t, Stream> responses;
    bool closed = false;
};

}
