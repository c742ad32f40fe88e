#include "connection.h"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace connectrpc::http {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// What is gathered for one write.
constexpr size_t writeBytes = 128 * 1024;

// Writes that succeed at once before other connections have their turn.
constexpr int writesPerTurn = 8;

// The same for rounds of commands that come while the last ones are answered.
constexpr int roundsPerTurn = 32;

// A buffer above it is given back when it is empty.
constexpr size_t keptBufferBytes = 16 * 1024;

constexpr auto lingerTime = 1s;

}

Connection::Connection(const ServerOptions& options,
                       const ExchangeHandlerFactory& factory,
                       std::shared_ptr<SharedBound> bound,
                       std::shared_ptr<IoThread> thread,
                       std::unique_ptr<Transport> transport,
                       Peer peer,
                       std::function<void()> onGone)
  : options(options)
  , factory(factory)
  , bound(std::move(bound))
  , thread(std::move(thread))
  , transport(std::move(transport))
  , peer(std::move(peer))
  , onGone(std::move(onGone))
  , timer(this->thread->context)
{
    this->bound->countHolders(1);
}

Connection::~Connection()
{
    bound->countHolders(-1);
    onGone();
}

void Connection::start()
{
    // Streams keep the inbox, not the connection.
    inbox = std::make_shared<Inbox>(
      [weak = weak_from_this(), thread = thread] { postWake(weak, *thread); },
      bound);
    if (thread->stopped) {
        return;
    }
    thread->connections.insert(shared_from_this());
    drains = thread->drains;
    handshakeUntil = Clock::now() + options.handshakeTimeout;
    schedule();
    transport->handshake(shared_from_this());
}

void Connection::open()
{
    state = State::Open;
    peer.certificateSubject = transport->certificateSubject();
    inbox->begin();
    session.emplace(options, factory, peer, inbox, Clock::now());
    if (drains) {
        session->drain(Clock::now());
    }
    transport->read(shared_from_this());
    settle();
}

void Connection::drain()
{
    drains = true;
    if (state == State::Open) {
        inbox->begin();
        session->drain(Clock::now());
        settle();
    } else if (state == State::Handshake) {
        close(ExchangeHandler::Closed::Stopped);
    }
}

void Connection::stop()
{
    if (state == State::Closed) {
        return;
    }
    if (state == State::Open && !writeUnderWay) {
        session->terminate(NGHTTP2_NO_ERROR);
        boost::system::error_code ignored;
        if (session->produce(next, writeBytes)) {
            transport->writeNow(next, ignored);
        }
    }
    close(ExchangeHandler::Closed::Stopped);
}

void Connection::onRead(const boost::system::error_code& error,
                        std::string_view bytes)
{
    if (state == State::Closed) {
        return;
    }
    if (error) {
        close(ExchangeHandler::Closed::ConnectionLost);
        return;
    }
    if (state == State::Open) {
        inbox->begin();
        if (!session->receive(bytes, Clock::now())) {
            close(ExchangeHandler::Closed::ConnectionLost);
            return;
        }
        settle();
    }
    if (state != State::Closed) {
        transport->read(shared_from_this());
    }
}

void Connection::onWritten(const boost::system::error_code& error, size_t count)
{
    if (state == State::Closed) {
        return;
    }
    if (error) {
        close(ExchangeHandler::Closed::ConnectionLost);
        return;
    }
    if (state == State::Handshake) {
        open();
        return;
    }
    writeUnderWay = false;
    writeProgressAt = Clock::now();
    sent += count;
    if (state == State::Open) {
        inbox->begin();
        settle();
    }
}

void Connection::postWake(const std::weak_ptr<Connection>& to, IoThread& thread)
{
    boost::asio::post(thread.context, [to] {
        if (const auto self = to.lock()) {
            self->onWake();
        }
    });
}

void Connection::onWake()
{
    if (state == State::Open) {
        inbox->begin();
        settle();
    }
}

void Connection::settle()
{
    // While this sends, handlers and other threads may ask for more.
    int round = 0;
    do {
        if (round++ == roundsPerTurn) {
            postWake(weak_from_this(), *thread);
            break;
        }
        if (!session->work(Clock::now()) || !send()) {
            close(ExchangeHandler::Closed::ConnectionLost);
            return;
        }
    } while (!inbox->rest());
    if (session->finished() && !writeUnderWay) {
        linger();
    }
    schedule();
}

bool Connection::send()
{
    for (int turn = 0; !writeUnderWay; turn++) {
        if (sent == sending.size()) {
            sending.clear();
            sent = 0;
            sending.swap(next);
            if (!session->produce(sending, writeBytes)) {
                return false;
            }
            if (sending.empty()) {
                if (sending.capacity() > keptBufferBytes) {
                    std::string().swap(sending);
                }
                return true;
            }
        }
        const std::string_view rest = std::string_view(sending).substr(sent);
        if (turn < writesPerTurn) {
            boost::system::error_code error;
            const size_t count = transport->writeNow(rest, error);
            if (error) {
                return false;
            }
            sent += count;
            if (count == rest.size()) {
                continue;
            }
        }
        writeUnderWay = true;
        writeProgressAt = Clock::now();
        transport->write(std::string_view(sending).substr(sent),
                         shared_from_this());
    }
    // So that streams whose bytes wait here hear about it.
    return next.size() >= writeBytes || session->produce(next, writeBytes);
}

void Connection::linger()
{
    session->close(ExchangeHandler::Closed::ConnectionLost);
    state = State::Lingering;
    lingerUntil = Clock::now() + lingerTime;
    transport->shutdown(shared_from_this());
}

void Connection::close(ExchangeHandler::Closed how)
{
    const auto self = shared_from_this();
    state = State::Closed;
    if (session) {
        session->close(how);
        session.reset();
    }
    inbox->close();
    timer.cancel();
    transport->close();
    thread->connections.erase(self);
}

void Connection::schedule()
{
    TimePoint at = TimePoint::max();
    switch (state) {
        case State::Handshake:
            at = handshakeUntil;
            break;
        case State::Open:
            at = session->due();
            if (writeUnderWay) {
                at = std::min(at, writeProgressAt + options.stallTimeout);
            }
            break;
        case State::Lingering:
            at = lingerUntil;
            break;
        case State::Closed:
            return;
    }
    // One that fires too early only looks again.
    if (at >= timerAt) {
        return;
    }
    timerAt = at;
    timer.expires_at(at);
    timer.async_wait(
      [weak = weak_from_this()](const boost::system::error_code& error) {
          const auto self = weak.lock();
          if (!error && self) {
              self->onTimer();
          }
      });
}

void Connection::onTimer()
{
    timerAt = TimePoint::max();
    const TimePoint now = Clock::now();
    switch (state) {
        case State::Handshake:
            if (now >= handshakeUntil) {
                close(ExchangeHandler::Closed::ConnectionLost);
            }
            break;
        case State::Open:
            inbox->begin();
            if (!session->onTime(now) ||
                (writeUnderWay &&
                 now >= writeProgressAt + options.stallTimeout)) {
                close(ExchangeHandler::Closed::ConnectionLost);
                return;
            }
            settle();
            return;
        case State::Lingering:
            if (now >= lingerUntil) {
                close(ExchangeHandler::Closed::ConnectionLost);
            }
            break;
        case State::Closed:
            break;
    }
    schedule();
}

}
