#pragma once

#include "exchange.h"
#include "inbox.h"
#include "io_thread.h"
#include "session.h"
#include "transport.h"

#include <connect/server.h>
#include <connect/shared_bound.h>

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace connectrpc::http {

// Moves bytes between a socket and its session. Used on its IoThread only;
// `start` and all that follows from it keeps it alive until it is closed.
class Connection final
  : public TransportListener
  , public std::enable_shared_from_this<Connection>
{
  public:
    Connection(const ServerOptions& options,
               const ExchangeHandlerFactory& factory,
               std::shared_ptr<SharedBound> bound,
               std::shared_ptr<IoThread> thread,
               std::unique_ptr<Transport> transport,
               Peer peer,
               std::function<void()> onGone);
    // Only now is its place free for another one.
    ~Connection() override;

    void start();

    // Ends by itself once what is open has ended.
    void drain();

    // Tells the client, and closes at once.
    void stop();

    void onRead(const boost::system::error_code& error,
                std::string_view bytes) override;
    void onWritten(const boost::system::error_code& error,
                   size_t count) override;

  private:
    using TimePoint = Session::TimePoint;

    enum class State
    {
        Handshake,
        Open,
        // Nothing more is sent: the client has to read what was, or a close
        // with bytes of it unread would take that away.
        Lingering,
        Closed,
    };

    void open();
    static void postWake(const std::weak_ptr<Connection>& to, IoThread& thread);
    void onWake();
    // Carries out what handlers asked for and sends what there is.
    void settle();
    bool send();
    void linger();
    void close(ExchangeHandler::Closed how);
    void schedule();
    void onTimer();

    const ServerOptions& options;
    const ExchangeHandlerFactory& factory;
    const std::shared_ptr<SharedBound> bound;
    const std::shared_ptr<IoThread> thread;
    const std::unique_ptr<Transport> transport;
    Peer peer;
    const std::function<void()> onGone;

    State state = State::Handshake;
    std::shared_ptr<Inbox> inbox;
    std::optional<Session> session;

    // `sending` is with the transport from `sent` on; `next` is filled
    // meanwhile.
    std::string sending;
    std::string next;
    size_t sent = 0;
    bool writeUnderWay = false;
    TimePoint writeProgressAt{};

    boost::asio::steady_timer timer;
    TimePoint timerAt{ TimePoint::max() };
    TimePoint handshakeUntil{};
    TimePoint lingerUntil{};
    bool drains = false;
};

}
