#include "request_info.h"

#include <chrono>

namespace conformance {

RequestInfo requestInfo(const connectrpc::Call& call)
{
    RequestInfo info;
    for (const auto& [name, value] : call.requestHeaders()) {
        v1::Header* header = nullptr;
        for (auto& seen : *info.mutable_request_headers()) {
            if (seen.name() == name) {
                header = &seen;
                break;
            }
        }
        if (header == nullptr) {
            header = info.add_request_headers();
            header->set_name(name);
        }
        header->add_value(value);
    }
    if (auto deadline = call.deadline()) {
        info.set_timeout_ms(
          std::chrono::duration_cast<std::chrono::milliseconds>(
            *deadline - std::chrono::steady_clock::now())
            .count());
    }
    if (call.isGet()) {
        info.mutable_connect_get_info();
    }
    return info;
}

void addRequest(RequestInfo& info, const google::protobuf::Message& request)
{
    info.add_requests()->PackFrom(request);
}

connectrpc::Error toError(const v1::Error& error, const RequestInfo* info)
{
    connectrpc::Error result{ static_cast<connectrpc::Code>(error.code()),
                              error.message() };
    for (const auto& detail : error.details()) {
        const std::string& url = detail.type_url();
        result.details.push_back(
          { url.substr(url.rfind('/') + 1), detail.value() });
    }
    if (info != nullptr) {
        result.details.push_back(
          { std::string(info->GetDescriptor()->full_name()),
            info->SerializeAsString() });
    }
    return result;
}

}
