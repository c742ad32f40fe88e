#include "journal.h"

#include <connect/metadata.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace function_server {

Journal::Journal(const std::string& file)
  : descriptor(
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600))
{
    if (descriptor < 0) {
        throw std::system_error(errno, std::generic_category(), file);
    }
}

Journal::~Journal()
{
    ::close(descriptor);
}

void Journal::started(uint64_t id, const function_service::Run& run)
{
    write("+ " + std::to_string(id) + " " + run.function + " " +
          (run.traceparent.empty() ? "-" : run.traceparent) + " " +
          connectrpc::encodeBinary(run.input) + "\n");
}

void Journal::ended(uint64_t id)
{
    write("- " + std::to_string(id) + "\n");
}

void Journal::write(const std::string& line)
{
    std::lock_guard lock(mutex);
    for (size_t at = 0; at < line.size();) {
        const ssize_t count =
          ::write(descriptor, line.data() + at, line.size() - at);
        if (count < 0) {
            // A full disk must not stop the server.
            return;
        }
        at += static_cast<size_t>(count);
    }
}

}
