#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>
#include <unordered_set>

namespace connectrpc::http {

class Connection;

// One thread's event loop. A connection stays on one, which is its strand:
// nothing of it has to be locked, or is moved between cores. All but `context`
// is used on that thread only.
struct IoThread
{
    // One thread runs it: Asio then spares what that thread posts itself the
    // lock.
    boost::asio::io_context context{ 1 };
    // Until it is taken away the thread goes on without any connection.
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
      work{ context.get_executor() };
    // Neither takes new connections.
    bool drains = false;
    bool stopped = false;
    std::unordered_set<std::shared_ptr<Connection>> connections;
    std::string readBuffer = std::string(64 * 1024, '\0');
};

}
