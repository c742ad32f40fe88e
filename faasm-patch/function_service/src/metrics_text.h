#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace function_service {

// Writes Prometheus' text format.
class MetricsText
{
  public:
    // Begins a metric; its values follow.
    MetricsText& metric(std::string_view name,
                        std::string_view type,
                        std::string_view help);

    // `labels` such as `kind="trap"`.
    MetricsText& value(uint64_t value, std::string_view labels = {});

    const std::string& get() const { return text; }

  private:
    std::string_view name;
    std::string text;
};

}
