#pragma once

#include "fake_call.h"

#include "faasm/rpc/v1/function_service.pb.h"

#include <function_service/function_service.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace tests {

namespace rpc = faasm::rpc::v1;

inline connectrpc::HandlerFactory factoryOf(
  const function_service::FunctionService& service,
  const std::string& path)
{
    for (auto& [method, factory] : service.methods()) {
        if (method.path == path) {
            return factory;
        }
    }
    throw std::runtime_error("there is no method " + path);
}

// A call and the strand that its handler runs on: the test's thread.
class Stream
{
  public:
    Stream(const function_service::FunctionService& service,
           const std::string& path,
           connectrpc::Metadata headers = {},
           connectrpc::Codec codec = connectrpc::Codec::Proto)
      : call(std::make_shared<FakeCall>())
    {
        call->headers = std::move(headers);
        call->itsCodec = codec;
        handler = factoryOf(service, path)(call);
    }

    ~Stream() { drop(); }

    void send(std::string message)
    {
        if (handler && !call->isOver()) {
            handler->onMessage(std::move(message));
        }
    }

    void end() { handler->onEnd(); }

    // What is lost is lost.
    void drop()
    {
        if (const auto last = std::exchange(handler, nullptr)) {
            last->onClosed(
              connectrpc::Error{ connectrpc::Code::Canceled, "reset" });
        }
    }

    // What has come meanwhile.
    std::vector<std::string> receive()
    {
        while (handler && call->takeWake()) {
            handler->onWake();
        }
        return call->takeSent();
    }

    void writable()
    {
        call->stall(false);
        handler->onWritable();
    }

    const std::shared_ptr<FakeCall> call;

  private:
    std::shared_ptr<connectrpc::CallHandler> handler;
};

// A stream of frames.
class ChannelClient
{
  public:
    explicit ChannelClient(const function_service::FunctionService& service,
                           std::string sessionId = "0123456789abcdef",
                           std::string certificate = {})
      : service(service)
      , sessionId(std::move(sessionId))
      , certificate(std::move(certificate))
    {}

    static constexpr const char* PATH = "/faasm.rpc.v1.FunctionService/Channel";

    void open(uint64_t received = 0, bool resume = false)
    {
        stream = std::make_unique<Stream>(service, PATH);
        stream->call->itsPeer.certificateSubject = certificate;
        rpc::ChannelRequest frame;
        auto& hello = *frame.mutable_hello();
        hello.set_protocol_version(1);
        hello.set_session_id(sessionId);
        hello.set_resume(resume);
        hello.set_received_sequence(received);
        send(frame);
    }

    void send(const rpc::ChannelRequest& frame)
    {
        stream->send(frame.SerializeAsString());
    }

    void bind(uint32_t id, const std::string& function, uint32_t timeoutMs = 0)
    {
        rpc::ChannelRequest frame;
        auto& binding = *frame.add_bindings();
        binding.set_id(id);
        binding.set_user("u");
        binding.set_function(function);
        binding.set_timeout_ms(timeoutMs);
        send(frame);
    }

    void call(uint64_t id,
              uint32_t binding,
              const std::string& input,
              int timings = rpc::TIMINGS_LEVEL_UNSPECIFIED)
    {
        rpc::ChannelRequest frame;
        auto& call = *frame.add_calls();
        call.set_id(id);
        call.set_binding(binding);
        call.set_input(input);
        call.set_timings(static_cast<rpc::TimingsLevel>(timings));
        send(frame);
    }

    void acknowledge(uint64_t sequence)
    {
        rpc::ChannelRequest frame;
        frame.set_ack(sequence);
        send(frame);
    }

    std::vector<rpc::ChannelResponse> receive()
    {
        std::vector<rpc::ChannelResponse> frames;
        for (const auto& bytes : stream->receive()) {
            frames.emplace_back();
            if (!frames.back().ParseFromString(bytes)) {
                throw std::runtime_error("the server sent a malformed frame");
            }
        }
        return frames;
    }

    // Waits for results.
    std::vector<rpc::Result> results(size_t count)
    {
        std::vector<rpc::Result> all;
        for (int tries = 0; all.size() < count && tries < 60'000; tries++) {
            for (const auto& frame : receive()) {
                all.insert(
                  all.end(), frame.results().begin(), frame.results().end());
            }
            if (all.size() < count) {
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
        }
        return all;
    }

    const function_service::FunctionService& service;
    const std::string sessionId;
    // The subject of its client certificate.
    const std::string certificate;
    std::unique_ptr<Stream> stream;
};

}
