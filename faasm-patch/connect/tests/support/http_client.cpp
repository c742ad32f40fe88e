#include "http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

namespace connectrpc::test {

std::string Response::field(const std::string& name) const
{
    for (const auto* fields : { &headers, &trailers }) {
        for (const auto& [itsName, value] : *fields) {
            if (itsName == name) {
                return value;
            }
        }
    }
    return {};
}

struct HttpClient::Callbacks
{
    static HttpClient& of(void* user)
    {
        return *static_cast<HttpClient*>(user);
    }

    static int header(nghttp2_session* /*session*/,
                      const nghttp2_frame* frame,
                      const uint8_t* name,
                      size_t nameLength,
                      const uint8_t* value,
                      size_t valueLength,
                      uint8_t /*flags*/,
                      void* user)
    {
        Response& response = of(user).at(frame->hd.stream_id);
        (frame->headers.cat == NGHTTP2_HCAT_RESPONSE ? response.headers
                                                     : response.trailers)
          .emplace_back(
            std::string(reinterpret_cast<const char*>(name), nameLength),
            std::string(reinterpret_cast<const char*>(value), valueLength));
        return 0;
    }

    static int data(nghttp2_session* session,
                    uint8_t /*flags*/,
                    int32_t id,
                    const uint8_t* bytes,
                    size_t length,
                    void* user)
    {
        of(user).at(id).body.append(reinterpret_cast<const char*>(bytes),
                                    length);
        if (of(user).options.reads) {
            nghttp2_session_consume(session, id, length);
        }
        return 0;
    }

    static int received(nghttp2_session* /*session*/,
                        const nghttp2_frame* frame,
                        void* user)
    {
        if (frame->hd.type == NGHTTP2_GOAWAY) {
            of(user).goAwayCode = frame->goaway.error_code;
            of(user).goAways++;
        } else if (frame->hd.type == NGHTTP2_PING &&
                   (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) {
            of(user).pongs++;
        } else if ((frame->hd.type == NGHTTP2_DATA ||
                    frame->hd.type == NGHTTP2_HEADERS) &&
                   (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
            of(user).at(frame->hd.stream_id).ended = true;
        }
        return 0;
    }

    static int closed(nghttp2_session* /*session*/,
                      int32_t id,
                      uint32_t code,
                      void* user)
    {
        of(user).at(id).closedWith = code;
        return 0;
    }

    static ssize_t read(nghttp2_session* /*session*/,
                        int32_t id,
                        uint8_t* buffer,
                        size_t length,
                        uint32_t* flags,
                        nghttp2_data_source* /*source*/,
                        void* user)
    {
        Stream& stream = of(user).responses[id];
        const size_t count = std::min(length, stream.unsent.size());
        if (count == 0 && !stream.ended) {
            stream.deferred = true;
            return NGHTTP2_ERR_DEFERRED;
        }
        std::memcpy(buffer, stream.unsent.data(), count);
        stream.unsent.erase(0, count);
        if (stream.unsent.empty() && stream.ended) {
            *flags |= NGHTTP2_DATA_FLAG_EOF;
        }
        return static_cast<ssize_t>(count);
    }
};

HttpClient::HttpClient(uint16_t port, ClientOptions options)
  : options(options)
{
    socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket,
                  reinterpret_cast<sockaddr*>(&address),
                  sizeof(address)) != 0) {
        throw std::runtime_error("can't connect");
    }
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (options.tls != nullptr) {
        ssl = SSL_new(options.tls);
        // OpenSSL writes without MSG_NOSIGNAL.
        std::signal(SIGPIPE, SIG_IGN);
        SSL_set_fd(ssl, socket);
        if (SSL_connect(ssl) != 1) {
            SSL_free(ssl);
            ::close(socket);
            throw std::runtime_error("no TLS handshake");
        }
    }

    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks,
                                                     Callbacks::header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks,
                                                              Callbacks::data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks,
                                                         Callbacks::received);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks,
                                                           Callbacks::closed);
    nghttp2_option* sessionOptions = nullptr;
    nghttp2_option_new(&sessionOptions);
    nghttp2_option_set_no_auto_window_update(sessionOptions, 1);
    nghttp2_session_client_new2(&session, callbacks, this, sessionOptions);
    nghttp2_option_del(sessionOptions);
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry entry{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE,
                                        options.streamWindow };
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, &entry, 1);
    if (!options.silent) {
        flush();
    }
}

HttpClient::~HttpClient()
{
    nghttp2_session_del(session);
    if (ssl != nullptr) {
        SSL_shutdown(ssl);
        SSL_free(ssl);
    }
    ::close(socket);
}

int32_t HttpClient::request(const std::string& path,
                            std::string body,
                            bool end,
                            const Fields& more)
{
    Fields fields{ { ":method", "POST" },
                   { ":scheme", "http" },
                   { ":authority", "localhost" },
                   { ":path", path } };
    fields.insert(fields.end(), more.begin(), more.end());
    std::vector<nghttp2_nv> raw;
    for (auto& [name, value] : fields) {
        raw.push_back({ reinterpret_cast<uint8_t*>(name.data()),
                        reinterpret_cast<uint8_t*>(value.data()),
                        name.size(),
                        value.size(),
                        NGHTTP2_NV_FLAG_NONE });
    }
    nghttp2_data_provider provider{};
    provider.read_callback = Callbacks::read;
    const int32_t id = nghttp2_submit_request(
      session, nullptr, raw.data(), raw.size(), &provider, nullptr);
    responses[id].unsent = std::move(body);
    responses[id].ended = end;
    flush();
    return id;
}

void HttpClient::send(int32_t stream, const std::string& body, bool end)
{
    Stream& it = responses[stream];
    it.unsent += body;
    it.ended = end;
    if (it.deferred) {
        it.deferred = false;
        nghttp2_session_resume_data(session, stream);
    }
    flush();
}

void HttpClient::reset(int32_t stream, uint32_t code)
{
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream, code);
    flush();
}

void HttpClient::ping()
{
    nghttp2_submit_ping(session, NGHTTP2_FLAG_NONE, nullptr);
    flush();
}

void HttpClient::consume(int32_t stream, size_t count)
{
    nghttp2_session_consume(session, stream, count);
    flush();
}

void HttpClient::flush()
{
    const uint8_t* bytes = nullptr;
    ssize_t length = 0;
    while ((length = nghttp2_session_mem_send(session, &bytes)) > 0) {
        sendRaw(std::string(reinterpret_cast<const char*>(bytes),
                            static_cast<size_t>(length)));
    }
}

void HttpClient::sendRaw(const std::string& bytes)
{
    for (size_t at = 0; at < bytes.size() && !closed;) {
        const ssize_t count =
          ssl != nullptr
            ? SSL_write(ssl, bytes.data() + at, int(bytes.size() - at))
            : ::send(
                socket, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
        if (count <= 0) {
            closed = true;
            return;
        }
        at += static_cast<size_t>(count);
    }
}

ssize_t HttpClient::receive(char* buffer, size_t length)
{
    return ssl != nullptr ? SSL_read(ssl, buffer, int(length))
                          : ::recv(socket, buffer, length, 0);
}

bool HttpClient::runUntil(const std::function<bool()>& condition,
                          std::chrono::milliseconds within)
{
    const auto until = std::chrono::steady_clock::now() + within;
    std::string buffer(64 * 1024, '\0');
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= until) {
            return false;
        }
        pollfd poll{ socket, POLLIN, 0 };
        if ((ssl == nullptr || SSL_pending(ssl) == 0) &&
            ::poll(&poll, 1, 5) == 0) {
            continue;
        }
        if (closed) {
            return condition();
        }
        const ssize_t count = receive(buffer.data(), buffer.size());
        if (count <= 0) {
            closed = true;
            return condition();
        }
        if (nghttp2_session_mem_recv(
              session,
              reinterpret_cast<const uint8_t*>(buffer.data()),
              static_cast<size_t>(count)) < 0) {
            throw std::runtime_error("the server broke HTTP/2");
        }
        flush();
    }
    return true;
}

Response& HttpClient::finish(int32_t stream)
{
    runUntil([&] { return at(stream).closedWith.has_value(); });
    return at(stream);
}

uint32_t HttpClient::serverSetting(nghttp2_settings_id id) const
{
    return nghttp2_session_get_remote_settings(session, id);
}

}
