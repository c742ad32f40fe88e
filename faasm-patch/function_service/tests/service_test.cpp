#include "fake_client.h"
#include "fake_invoker.h"

#include "grpc/health/v1/health.pb.h"
#include "grpc/reflection/v1/reflection.pb.h"

#include <catch2/catch.hpp>
#include <function_service/metrics_server.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <google/protobuf/descriptor.pb.h>

using connectrpc::Code;
using function_service::FunctionService;
using function_service::ServiceOptions;
using tests::FakeInvoker;
using tests::Stream;
namespace rpc = faasm::rpc::v1;

namespace {

constexpr const char* INVOKE = "/faasm.rpc.v1.FunctionService/Invoke";
constexpr const char* CHECK_HEALTH = "/grpc.health.v1.Health/Check";

template<typename Message>
Message receiveOne(Stream& stream)
{
    const auto sent = stream.receive();
    REQUIRE(sent.size() == 1);
    Message message;
    REQUIRE(message.ParseFromString(sent[0]));
    return message;
}

std::string request(const std::string& function,
                    const std::string& input,
                    int timings = rpc::TIMINGS_LEVEL_UNSPECIFIED)
{
    rpc::InvokeRequest request;
    request.set_user("u");
    request.set_function(function);
    request.set_input(input);
    request.set_timings(static_cast<rpc::TimingsLevel>(timings));
    return request.SerializeAsString();
}

}

TEST_CASE("Invoke runs a function once", "[invoke]")
{
    FakeInvoker invoker;
    FunctionService service(invoker, {});
    Stream stream(service, INVOKE);
    SECTION("with an output")
    {
        stream.send(request("echo", "hello"));
        const auto response = receiveOne<rpc::InvokeResponse>(stream);
        CHECK(response.output() == "hello");
        CHECK_FALSE(response.has_timings());
        CHECK_FALSE(stream.call->getError());
    }
    SECTION("with the timings that are asked for")
    {
        stream.send(request("echo", "x", rpc::TIMINGS_LEVEL_BRIEF));
        const auto response = receiveOne<rpc::InvokeResponse>(stream);
        CHECK(response.has_timings());
        CHECK_FALSE(response.timings().has_arrived_at_us());
    }
    SECTION("with all of them")
    {
        stream.send(request("echo", "x", rpc::TIMINGS_LEVEL_DETAILED));
        const auto response = receiveOne<rpc::InvokeResponse>(stream);
        CHECK(response.timings().arrived_at_us() > 0);
    }
    SECTION("without any for a level that is none")
    {
        stream.send(request("echo", "x", 3));
        CHECK_FALSE(receiveOne<rpc::InvokeResponse>(stream).has_timings());
    }
    SECTION("with an error, and its details")
    {
        stream.send(request("later", "x"));
        invoker.cancel(1);
        const auto error = stream.call->getError();
        REQUIRE(error);
        CHECK(error->code == Code::Canceled);
        REQUIRE(error->details.size() == 1);
        CHECK(error->details[0].type == "faasm.rpc.v1.CallError");
        rpc::CallError detail;
        REQUIRE(detail.ParseFromString(error->details[0].value));
        CHECK(detail.kind() == rpc::ERROR_KIND_CANCELLED);
        CHECK(detail.may_have_run());
    }
    SECTION("and stops it when the client is gone")
    {
        stream.send(request("later", "x"));
        CHECK(invoker.running() == 1);
        stream.drop();
        CHECK(invoker.running() == 0);
    }
    SECTION("but not without a name")
    {
        stream.send(request("", "x"));
        CHECK(stream.call->getError()->code == Code::InvalidArgument);
    }
    SECTION("or for garbage")
    {
        stream.send("\xff");
        CHECK(stream.call->getError()->code == Code::InvalidArgument);
    }
}

TEST_CASE("Invoke speaks JSON", "[invoke]")
{
    FakeInvoker invoker;
    FunctionService service(invoker, {});
    Stream stream(service, INVOKE, {}, connectrpc::Codec::Json);
    stream.send(R"({"user":"u","function":"echo","input":"aGk=","new":1})");
    const auto sent = stream.receive();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].find(R"("output":"aGk=")") != std::string::npos);
}

TEST_CASE("inputs and outputs are bounded", "[invoke]")
{
    FakeInvoker invoker;
    ServiceOptions options;
    options.maxInputBytes = 10;
    options.maxOutputBytes = 5;
    FunctionService service(invoker, options);
    const auto kindOf = [&](const std::string& input) {
        Stream stream(service, INVOKE);
        stream.send(request("echo", input));
        rpc::CallError detail;
        detail.ParseFromString(stream.call->getError()->details.at(0).value);
        return detail.kind();
    };
    CHECK(kindOf(std::string(11, 'x')) == rpc::ERROR_KIND_INPUT_TOO_LARGE);
    CHECK(kindOf(std::string(10, 'x')) == rpc::ERROR_KIND_OUTPUT_TOO_LARGE);
}

TEST_CASE("a token is asked for, but not for health", "[token]")
{
    FakeInvoker invoker;
    ServiceOptions options;
    options.bearerToken = "secret";
    FunctionService service(invoker, options);
    const auto with = [&](const char* value) {
        connectrpc::Metadata headers;
        headers.add("authorization", value);
        Stream stream(service, INVOKE, headers);
        stream.send(request("echo", "x"));
        const auto error = stream.call->getError();
        return error ? error->code : Code{};
    };
    CHECK(with("Bearer secret") == Code{});
    CHECK(with("bearer secret") == Code{});
    CHECK(with("Bearer secre") == Code::Unauthenticated);
    CHECK(with("Bearer secrets") == Code::Unauthenticated);
    CHECK(with("Basic secret") == Code::Unauthenticated);
    CHECK(with("") == Code::Unauthenticated);
    Stream channel(service, tests::ChannelClient::PATH);
    CHECK(channel.call->getError()->code == Code::Unauthenticated);
    Stream health(service, CHECK_HEALTH);
    health.send("");
    CHECK_FALSE(health.call->getError());
}

TEST_CASE("health is told, and changes with a drain", "[health]")
{
    using grpc::health::v1::HealthCheckRequest;
    using grpc::health::v1::HealthCheckResponse;
    FakeInvoker invoker;
    FunctionService service(invoker, {});
    Stream unknown(service, CHECK_HEALTH);
    HealthCheckRequest question;
    question.set_service("nobody");
    unknown.send(question.SerializeAsString());
    CHECK(unknown.call->getError()->code == Code::NotFound);

    Stream watch(service, "/grpc.health.v1.Health/Watch");
    question.set_service("faasm.rpc.v1.FunctionService");
    watch.send(question.SerializeAsString());
    CHECK(receiveOne<HealthCheckResponse>(watch).status() ==
          HealthCheckResponse::SERVING);
    service.drain(std::chrono::milliseconds(0));
    CHECK(receiveOne<HealthCheckResponse>(watch).status() ==
          HealthCheckResponse::NOT_SERVING);
    CHECK_FALSE(watch.call->isOver());
}

TEST_CASE("reflection knows what is served, and nothing else", "[reflection]")
{
    using grpc::reflection::v1::ServerReflectionRequest;
    using grpc::reflection::v1::ServerReflectionResponse;
    FakeInvoker invoker;
    FunctionService service(invoker, {});
    Stream stream(service,
                  "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
    const auto ask = [&](const ServerReflectionRequest& question) {
        stream.send(question.SerializeAsString());
        return receiveOne<ServerReflectionResponse>(stream);
    };
    ServerReflectionRequest question;
    question.set_list_services("");
    CHECK(ask(question).list_services_response().service_size() == 4);
    question.set_file_containing_symbol("faasm.rpc.v1.FunctionService");
    google::protobuf::FileDescriptorProto file;
    REQUIRE(file.ParseFromString(
      ask(question).file_descriptor_response().file_descriptor_proto(0)));
    CHECK(file.service(0).name() == "FunctionService");
    question.set_file_containing_symbol("google.protobuf.FileDescriptorProto");
    CHECK(ask(question).error_response().error_code() == 5);
}

TEST_CASE("metrics are served to Prometheus", "[metrics]")
{
    namespace asio = boost::asio;
    namespace http = boost::beast::http;
    FakeInvoker invoker;
    FunctionService service(invoker, {});
    Stream stream(service, INVOKE);
    stream.send(request("echo", "hello"));
    function_service::MetricsServer server(
      "127.0.0.1", 0, [&] { return service.metrics(); });

    asio::io_context context;
    asio::ip::tcp::socket socket(context);
    socket.connect({ asio::ip::make_address("127.0.0.1"), server.port() });
    boost::beast::flat_buffer buffer;
    const auto get = [&](const char* target) {
        http::request<http::empty_body> request(http::verb::get, target, 11);
        http::write(socket, request);
        http::response<http::string_body> response;
        http::read(socket, buffer, response);
        return response;
    };
    const auto response = get("/metrics");
    CHECK(response.result_int() == 200);
    CHECK(response.body().find("\nhono_faasm_calls_total 1\n") !=
          std::string::npos);
    CHECK(response.body().find("\nhono_faasm_output_bytes_total 5\n") !=
          std::string::npos);
    CHECK(get("/").result_int() == 404);
}
