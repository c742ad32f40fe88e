#pragma once

#include <connect/call.h>
#include <connect/error.h>

#include <connectrpc/conformance/v1/service.pb.h>

#include <google/protobuf/any.pb.h>

namespace conformance {

namespace v1 = connectrpc::conformance::v1;

using RequestInfo = v1::ConformancePayload::RequestInfo;

// What the library showed of the request, for the suite to compare.
RequestInfo requestInfo(const connectrpc::Call& call);

void addRequest(RequestInfo& info, const google::protobuf::Message& request);

// The error that the suite asked for; with `info` as one more detail if given.
connectrpc::Error toError(const v1::Error& error, const RequestInfo* info);

}
