#include "inbox.h"

namespace connectrpc::http {

Inbox::Inbox(std::function<void()> wake, std::shared_ptr<SharedBound> bound)
  : bound(std::move(bound))
  , wake(std::move(wake))
{}

void Inbox::push(Lock lock, Command command)
{
    if (closed) {
        // The command may hold the last reference to its stream: let go of it
        // without the lock.
        lock.unlock();
        return;
    }
    commands.push_back(std::move(command));
    const bool mustWake = !awake;
    awake = true;
    lock.unlock();
    if (mustWake) {
        wake();
    }
}

void Inbox::begin()
{
    Lock held(mutex);
    awake = true;
}

bool Inbox::fetch(std::vector<Command>& into)
{
    Lock held(mutex);
    if (commands.empty()) {
        return false;
    }
    into.swap(commands);
    return true;
}

bool Inbox::rest()
{
    Lock held(mutex);
    awake = !commands.empty();
    return !awake;
}

void Inbox::close()
{
    std::vector<Command> dropped;
    Lock held(mutex);
    closed = true;
    dropped.swap(commands);
    held.unlock();
}

}
