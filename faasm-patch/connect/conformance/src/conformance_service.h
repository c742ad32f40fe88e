#pragma once

#include <connect/server.h>

#include <boost/asio/io_context.hpp>

namespace conformance {

// Adds connectrpc.conformance.v1.ConformanceService to `server`. Its calls are
// answered on `io`, which one thread runs.
void addConformanceService(connectrpc::Server& server,
                           boost::asio::io_context& io);

}
