#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace conformance {

// What a call's client sent, waiting for the coroutine that answers it. Filled
// from any thread, read on the io_context's only thread: that the library's
// calls are used from a thread that is not theirs is part of what is tested.
class Inbox : public std::enable_shared_from_this<Inbox>
{
  public:
    explicit Inbox(boost::asio::io_context& io)
      : io(io)
      , wake(io)
    {}

    void push(std::string message)
    {
        boost::asio::post(
          io,
          [self = shared_from_this(), message = std::move(message)]() mutable {
              self->messages.push_back(std::move(message));
              self->wake.cancel();
          });
    }

    void end()
    {
        boost::asio::post(io, [self = shared_from_this()] {
            self->ended = true;
            self->wake.cancel();
        });
    }

    // The call is over: nothing is worth waiting for any more.
    void close()
    {
        boost::asio::post(io, [self = shared_from_this()] {
            self->closed = true;
            self->wake.cancel();
        });
    }

    // Nothing at the end of the client's messages, or of the call.
    boost::asio::awaitable<std::optional<std::string>> receive()
    {
        while (messages.empty() && !ended && !closed) {
            wake.expires_at(std::chrono::steady_clock::time_point::max());
            co_await wake.async_wait(
              boost::asio::as_tuple(boost::asio::use_awaitable));
        }
        if (messages.empty() || closed) {
            co_return std::nullopt;
        }
        std::string message = std::move(messages.front());
        messages.pop_front();
        co_return message;
    }

    boost::asio::awaitable<void> sleep(std::chrono::milliseconds time)
    {
        const auto until = std::chrono::steady_clock::now() + time;
        while (!closed && std::chrono::steady_clock::now() < until) {
            wake.expires_at(until);
            co_await wake.async_wait(
              boost::asio::as_tuple(boost::asio::use_awaitable));
        }
    }

  private:
    boost::asio::io_context& io;
    boost::asio::steady_timer wake;
    std::deque<std::string> messages;
    bool ended = false;
    bool closed = false;
};

}
