#include "metrics_text.h"

namespace function_service {

MetricsText& MetricsText::metric(std::string_view itsName,
                                 std::string_view type,
                                 std::string_view help)
{
    name = itsName;
    text.append("# HELP ").append(name).append(" ").append(help);
    text.append("\n# TYPE ").append(name).append(" ").append(type);
    text.append("\n");
    return *this;
}

MetricsText& MetricsText::value(uint64_t value, std::string_view labels)
{
    text.append(name);
    if (!labels.empty()) {
        text.append("{").append(labels).append("}");
    }
    text.append(" ").append(std::to_string(value)).append("\n");
    return *this;
}

}
