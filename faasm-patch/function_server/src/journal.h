#pragma once

#include <function_service/invoker.h>

#include <cstdint>
#include <mutex>
#include <string>

namespace function_server {

// A line in a file for each run that starts (`+ id function traceparent input`,
// the input in base64) and that ends (`- id`), so that a test can see what has
// run. Thread-safe.
class Journal
{
  public:
    // Throws std::system_error.
    explicit Journal(const std::string& file);

    ~Journal();

    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    void started(uint64_t id, const function_service::Run& run);
    void ended(uint64_t id);

  private:
    void write(const std::string& line);

    std::mutex mutex;
    int descriptor;
};

}
