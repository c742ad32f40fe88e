#pragma once

#include "http/exchange.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace connectrpc::test {

// What a server's handlers heard, for the test's thread. Thread-safe.
class Record
{
  public:
    using Closed = http::ExchangeHandler::Closed;

    std::atomic<int> opened{ 0 };
    std::atomic<int> writable{ 0 };
    std::atomic<size_t> bytes{ 0 };

    void close(Closed how)
    {
        const std::lock_guard lock(mutex);
        closes.push_back(how);
        changed.notify_all();
    }

    std::vector<Closed> closed()
    {
        const std::lock_guard lock(mutex);
        return closes;
    }

    bool waitForClosed(size_t count)
    {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, std::chrono::seconds(60), [&] {
            return closes.size() >= count;
        });
    }

    void keep(std::shared_ptr<http::Exchange> exchange)
    {
        const std::lock_guard lock(mutex);
        exchanges.push_back(std::move(exchange));
        changed.notify_all();
    }

    // The nth that was opened.
    std::shared_ptr<http::Exchange> exchange(size_t index)
    {
        std::unique_lock lock(mutex);
        changed.wait_for(lock, std::chrono::seconds(60), [&] {
            return exchanges.size() > index;
        });
        return exchanges.at(index);
    }

  private:
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Closed> closes;
    std::vector<std::shared_ptr<http::Exchange>> exchanges;
};

// Does what the test says, and nothing else.
class TestHandler final : public http::ExchangeHandler
{
  public:
    TestHandler(std::shared_ptr<http::Exchange> exchange, Record& record)
      : exchange(std::move(exchange))
      , record(record)
    {
        record.opened++;
    }

    std::function<void(http::Exchange&, std::string_view)> body;
    std::function<void(http::Exchange&)> ended;
    std::function<void(http::Exchange&)> deadline;
    std::function<void(http::Exchange&)> woken;

    void onBody(std::string_view bytes) override
    {
        record.bytes += bytes.size();
        if (body) {
            body(*exchange, bytes);
        }
    }

    void onEnd() override
    {
        if (ended) {
            ended(*exchange);
        }
    }

    void onWritable() override { record.writable++; }

    void onDeadline() override
    {
        if (deadline) {
            deadline(*exchange);
        }
    }

    void onWake() override
    {
        if (woken) {
            woken(*exchange);
        }
    }

    void onClosed(Closed how) override
    {
        exchange.reset();
        record.close(how);
    }

  private:
    std::shared_ptr<http::Exchange> exchange;
    Record& record;
};

// 200 at once, the body back as it comes, and a trailer.
inline std::shared_ptr<TestHandler> echo(
  const std::shared_ptr<http::Exchange>& exchange,
  Record& record)
{
    auto handler = std::make_shared<TestHandler>(exchange, record);
    exchange->respond(200, {}, false);
    handler->body = [](http::Exchange& it, std::string_view bytes) {
        it.write(std::string(bytes));
    };
    handler->ended = [](http::Exchange& it) {
        Metadata trailers;
        trailers.add("x-end", it.request().target);
        it.end(std::move(trailers));
    };
    return handler;
}

}
