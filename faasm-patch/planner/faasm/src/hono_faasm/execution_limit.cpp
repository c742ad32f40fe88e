#include <hono_faasm/execution_limit.h>

#include <condition_variable>
#include <csignal>
#include <map>
#include <mutex>
#include <pthread.h>
#include <thread>
#include <ucontext.h>
#include <wasm_exec_env.h>
#include <wasm_runtime_common.h>

namespace hono_faasm {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int LIMIT_SIGNAL = SIGUSR2;
// How soon a thread that was in the host is signalled again.
constexpr std::chrono::milliseconds RETRY{ 2 };

// What the signal handler may look at: written by its own thread only.
struct Running
{
    wasm_module_inst_t instance = nullptr;
    uintptr_t codeBegin = 0;
    uintptr_t codeEnd = 0;
};

thread_local volatile bool isRunning = false;
thread_local Running running;

void onLimit(int, siginfo_t*, void* context)
{
    if (!isRunning) {
        return;
    }
    const auto* machine = &static_cast<ucontext_t*>(context)->uc_mcontext;
    const auto at = static_cast<uintptr_t>(machine->gregs[REG_RIP]);
    if (at < running.codeBegin || at >= running.codeEnd) {
        return;
    }
    auto* execEnv = wasm_runtime_get_exec_env_tls();
    if (execEnv == nullptr || execEnv->jmpbuf_stack_top == nullptr) {
        return;
    }
    isRunning = false;
    // Compiled WebAssembly was interrupted, so this thread holds no lock.
    wasm_runtime_set_exception(running.instance, TIME_LIMIT_EXCEPTION);
    // Where WAMR's handler of faults goes.
    os_longjmp(execEnv->jmpbuf_stack_top->jmpbuf, 1);
}

// Thread-safe.
class Watchdog
{
  public:
    Watchdog()
    {
        struct sigaction action = {};
        action.sa_sigaction = onLimit;
        // It is left by a jump, which does not unblock the signal.
        action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART;
        sigemptyset(&action.sa_mask);
        sigaction(LIMIT_SIGNAL, &action, nullptr);
        std::thread([this] { watch(); }).detach();
    }

    void add(pthread_t thread, Clock::time_point deadline)
    {
        const std::lock_guard lock(mutex);
        deadlines[thread] = deadline;
        // Looked for at once only when it may be the next.
        if (deadline < wakeAt) {
            changed.notify_one();
        }
    }

    // The thread is not signalled from then on.
    void remove(pthread_t thread)
    {
        const std::lock_guard lock(mutex);
        deadlines.erase(thread);
    }

  private:
    void watch()
    {
        std::unique_lock lock(mutex);
        while (true) {
            const auto now = Clock::now();
            wakeAt = now + std::chrono::hours(1);
            for (auto& [thread, deadline] : deadlines) {
                if (deadline <= now) {
                    pthread_kill(thread, LIMIT_SIGNAL);
                    deadline = now + RETRY;
                }
                wakeAt = std::min(wakeAt, deadline);
            }
            changed.wait_until(lock, wakeAt);
        }
    }

    std::mutex mutex;
    std::condition_variable changed;
    std::map<pthread_t, Clock::time_point> deadlines;
    Clock::time_point wakeAt = Clock::time_point::max();
};

Watchdog& watchdog()
{
    // Never destroyed: its thread ends with the process.
    static auto* instance = new Watchdog();
    return *instance;
}

}

ExecutionLimit::ExecutionLimit(wasm_module_inst_t instance, int64_t limitMs)
  : limited(limitMs > 0)
{
    if (!limited) {
        return;
    }
    auto* module =
      reinterpret_cast<AOTModule*>(wasm_runtime_get_module(instance));
    running = { instance,
                reinterpret_cast<uintptr_t>(module->code),
                reinterpret_cast<uintptr_t>(module->code) + module->code_size };
    isRunning = true;
    watchdog().add(pthread_self(),
                   Clock::now() + std::chrono::milliseconds(limitMs));
}

ExecutionLimit::~ExecutionLimit()
{
    if (limited) {
        isRunning = false;
        watchdog().remove(pthread_self());
    }
}

}
