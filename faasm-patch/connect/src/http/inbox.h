#pragma once

#include <connect/metadata.h>
#include <connect/shared_bound.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace connectrpc::http {

class Stream;

// What a thread asks of a connection's strand.
struct Command
{
    enum class Kind
    {
        Respond,
        Write,
        End,
        Reset,
        SetDeadline,
        Resume,
        Wake,
        // Too much is unsent.
        CloseConnection,
    };

    Kind kind;
    std::shared_ptr<Stream> stream;
    // Of Respond and End.
    Metadata fields = {};
    // Of Write.
    std::string bytes = {};
    // The HTTP status or the reset's code.
    uint32_t number = 0;
    // Of Respond: nothing follows.
    bool end = false;
    std::chrono::steady_clock::time_point at = {};
};

// The way of a connection's streams from any thread to its strand. Thread-safe.
// The strand is woken once for all commands that it has not fetched: while it
// works, and while it is about to be woken, a command costs no system call.
class Inbox
{
  public:
    using Lock = std::unique_lock<std::mutex>;

    // `wake` makes the strand call `begin`, soon and on its own thread. `bound`
    // is that of all connections.
    Inbox(std::function<void()> wake, std::shared_ptr<SharedBound> bound);

    // What a stream shares between threads is guarded by this lock as well.
    Lock lock() { return Lock(mutex); }

    // Gives the lock back.
    void push(Lock lock, Command command);

    // Bytes that all streams have not sent.
    size_t unsent = 0;
    bool overflown = false;

    // The strand's: what all streams keep of their requests.
    size_t unfinished = 0;

    const std::shared_ptr<SharedBound> bound;

    // For the strand: between `begin` and a `rest` that is true it fetches
    // without being woken.
    void begin();
    // False when there is nothing.
    bool fetch(std::vector<Command>& into);
    // False when there is something again.
    bool rest();

    // Wakes nobody from now on; what is pushed is dropped.
    void close();

  private:
    std::mutex mutex;
    std::vector<Command> commands;
    bool awake = false;
    bool closed = false;
    const std::function<void()> wake;
};

}
