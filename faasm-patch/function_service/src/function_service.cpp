#include <function_service/function_service.h>

#include "bearer_token.h"
#include "call_limits.h"
#include "channel_stream.h"
#include "health.h"
#include "invoke_handler.h"
#include "metrics_text.h"
#include "reflection.h"
#include "sessions.h"

#include "faasm/rpc/v1/function_service.pb.h"

#include <thread>

namespace function_service {

using connectrpc::Call;
using connectrpc::CallHandler;
using connectrpc::Code;
using connectrpc::StreamKind;

namespace {

// Room for the other fields of an InvokeRequest.
constexpr size_t INVOKE_OVERHEAD_BYTES = 64 * 1024;
// JSON has bytes in base64, and names of fields.
constexpr size_t JSON_FACTOR = 2;
// Questions about health and reflection are short.
constexpr size_t MAX_QUESTION_BYTES = 64 * 1024;

// How often a drain looks whether it is done.
constexpr std::chrono::milliseconds DRAIN_POLL{ 10 };
// Time for clients to half-close once everything is answered.
constexpr std::chrono::milliseconds LEAVE_TIME{ 250 };

// Of a call that was finished before there was one.
class Refused : public CallHandler
{
  public:
    void onMessage(std::string /*message*/) override {}
};

}

class FunctionService::Impl
{
  public:
    Impl(Invoker& invoker, ServiceOptions options)
      : invoker(invoker)
      , timers(std::make_shared<Timers>())
      , counters(std::make_shared<Counters>())
      , queue(
          std::make_shared<AdmissionQueue>(invoker, options, timers, counters))
      , context(std::make_shared<SessionContext>(SessionContext{
          .options = options,
          .queue = queue,
          .kept =
            std::make_shared<connectrpc::SharedBound>(options.maxKeptBytes),
          .timers = timers,
          .counters = counters }))
      , sessions(
          std::make_shared<Sessions>(context,
                                     creditsOf(options, invoker.capacity())))
      , health(std::make_shared<Health>())
    {
        invoker.onCapacityChange(
          [&invoker, options, weak = std::weak_ptr(sessions), queue = queue] {
              queue->capacityChanged();
              if (const auto alive = weak.lock()) {
                  alive->setCredits(creditsOf(options, invoker.capacity()));
              }
          });
    }

    ~Impl()
    {
        close();
        // A callback may hold what holds the timers: it must not be the last.
        timers->stop();
    }

    void close()
    {
        health->stopServing();
        sessions->close();
        queue->close();
    }

    std::vector<Service> methods() const
    {
        const ServiceOptions& options = context->options;
        const std::string service =
          "/" + faasm::rpc::v1::ChannelRequest::descriptor()
                  ->file()
                  ->service(0)
                  ->full_name();
        std::vector<Service> all;
        all.push_back(
          { { .path = service + "/Invoke",
              .kind = StreamKind::Unary,
              .maxMessageBytes =
                JSON_FACTOR * options.maxInputBytes + INVOKE_OVERHEAD_BYTES },
            authorized(
              [queue = queue, context = context](std::shared_ptr<Call> call) {
                  return std::make_shared<InvokeHandler>(
                    std::move(call), queue, context->options);
              }) });
        all.push_back(
          { { .path = service + "/Channel",
              .kind = StreamKind::BidiStream,
              .maxMessageBytes = options.maxFrameBytes },
            authorized([sessions = sessions,
                        timers = timers,
                        counters = counters](std::shared_ptr<Call> call) {
                return std::make_shared<ChannelStream>(
                  std::move(call), sessions, timers, counters);
            }) });
        // Probes have no token.
        all.push_back({ { .path = "/grpc.health.v1.Health/Check",
                          .kind = StreamKind::Unary,
                          .maxMessageBytes = MAX_QUESTION_BYTES },
                        [health = health](std::shared_ptr<Call> call) {
                            return health->check(std::move(call));
                        } });
        all.push_back({ { .path = "/grpc.health.v1.Health/Watch",
                          .kind = StreamKind::ServerStream,
                          .maxMessageBytes = MAX_QUESTION_BYTES },
                        [health = health](std::shared_ptr<Call> call) {
                            return health->watch(std::move(call));
                        } });
        const auto reflection = [&](const char* version, auto factory) {
            all.push_back(
              { { .path = std::string("/grpc.reflection.") + version +
                          ".ServerReflection/ServerReflectionInfo",
                  .kind = StreamKind::BidiStream,
                  .maxMessageBytes = MAX_QUESTION_BYTES },
                authorized(factory) });
        };
        reflection("v1", reflectV1);
        reflection("v1alpha", reflectV1Alpha);
        return all;
    }

    void drain(std::chrono::milliseconds grace)
    {
        using std::chrono::steady_clock;
        const auto end = steady_clock::now() + grace;
        health->stopServing();
        sessions->drain("the server shuts down", end);
        auto leave = end;
        while (steady_clock::now() < std::min(end, leave)) {
            const bool idle = sessions->isIdle() && queue->waiting() == 0 &&
                              queue->running() == 0;
            if (idle && sessions->withStream() == 0) {
                return;
            }
            leave =
              idle ? std::min(leave, steady_clock::now() + LEAVE_TIME) : end;
            std::this_thread::sleep_for(DRAIN_POLL);
        }
    }

    std::string metrics() const
    {
        static constexpr std::array<const char*, Counters::KINDS> KINDS{
            "unspecified",      "trap",
            "timeout",          "unknown_function",
            "overloaded",       "cancelled",
            "out_of_memory",    "input_too_large",
            "output_too_large", "unavailable",
            "invalid_function",
        };
        MetricsText text;
        const auto counter =
          [&](const char* name, const char* help, uint64_t value) {
              text.metric(name, "counter", help).value(value);
          };
        const auto gauge =
          [&](const char* name, const char* help, uint64_t value) {
              text.metric(name, "gauge", help).value(value);
          };
        const Counters& c = *counters;
        counter("hono_faasm_calls_total", "Calls that came.", c.calls);
        counter("hono_faasm_call_outputs_total",
                "Calls that were answered by an output.",
                c.outputs);
        text.metric("hono_faasm_call_errors_total",
                    "counter",
                    "Calls that were answered by an error.");
        for (size_t i = 0; i < KINDS.size(); i++) {
            text.value(c.errors[i], std::string("kind=\"") + KINDS[i] + "\"");
        }
        counter("hono_faasm_input_bytes_total", "Inputs.", c.inputBytes);
        counter("hono_faasm_output_bytes_total", "Outputs.", c.outputBytes);
        counter("hono_faasm_executed_microseconds_total",
                "Time that functions ran.",
                c.executedUs);
        counter("hono_faasm_queued_microseconds_total",
                "Time that calls waited for a slot.",
                c.queuedUs);
        counter("hono_faasm_frames_received_total",
                "Frames of clients.",
                c.framesReceived);
        counter(
          "hono_faasm_frames_sent_total", "Frames to clients.", c.framesSent);
        counter("hono_faasm_streams_total", "Channel streams.", c.streams);
        counter("hono_faasm_stream_errors_total",
                "Streams that were ended because of what came by them.",
                c.streamErrors);
        counter("hono_faasm_sessions_opened_total",
                "Sessions that began.",
                c.sessionsOpened);
        counter("hono_faasm_sessions_resumed_total",
                "Streams that resumed a session.",
                c.sessionsResumed);
        counter("hono_faasm_sessions_expired_total",
                "Sessions whose client did not come back.",
                c.sessionsExpired);
        gauge("hono_faasm_sessions", "Sessions.", sessions->size());
        gauge("hono_faasm_sessions_with_stream",
              "Sessions with a stream.",
              sessions->withStream());
        gauge(
          "hono_faasm_kept_bytes",
          "Results without acknowledgement, inputs held back, and bindings.",
          static_cast<uint64_t>(std::max<int64_t>(0, context->kept->get())));
        gauge("hono_faasm_calls_open",
              "Calls of sessions without an answer.",
              sessions->openCalls());
        gauge("hono_faasm_calls_running", "Calls that run.", queue->running());
        gauge("hono_faasm_calls_queued",
              "Calls that wait for a slot.",
              queue->waiting());
        gauge("hono_faasm_queued_bytes",
              "Inputs of calls that wait for a slot.",
              queue->waitingBytes());
        gauge("hono_faasm_capacity",
              "Calls that may run at once.",
              invoker.capacity());
        return text.get();
    }

    const std::shared_ptr<Sessions>& getSessions() const { return sessions; }

  private:
    template<typename Factory>
    connectrpc::HandlerFactory authorized(Factory factory) const
    {
        return [factory, token = context->options.bearerToken](
                 std::shared_ptr<Call> call) -> std::shared_ptr<CallHandler> {
            if (isAuthorized(call->requestHeaders(), token)) {
                return factory(std::move(call));
            }
            call->finish({ .code = Code::Unauthenticated,
                           .message = "the bearer token is missing or wrong" });
            return std::make_shared<Refused>();
        };
    }

    Invoker& invoker;
    const std::shared_ptr<Timers> timers;
    const std::shared_ptr<Counters> counters;
    const std::shared_ptr<AdmissionQueue> queue;
    const std::shared_ptr<const SessionContext> context;
    const std::shared_ptr<Sessions> sessions;
    const std::shared_ptr<Health> health;
};

FunctionService::FunctionService(Invoker& invoker, ServiceOptions options)
  : impl(std::make_unique<Impl>(invoker, std::move(options)))
{}

FunctionService::~FunctionService() = default;

std::vector<FunctionService::Service> FunctionService::methods() const
{
    return impl->methods();
}

void FunctionService::addTo(connectrpc::Server& server) const
{
    for (auto& [method, factory] : methods()) {
        server.addMethod(std::move(method), std::move(factory));
    }
}

void FunctionService::drain(std::chrono::milliseconds grace)
{
    impl->drain(grace);
}

void FunctionService::close()
{
    impl->close();
}

size_t FunctionService::sessions() const
{
    return impl->getSessions()->size();
}

std::string FunctionService::metrics() const
{
    return impl->metrics();
}

}
