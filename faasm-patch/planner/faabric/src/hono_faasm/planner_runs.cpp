// What is added to the planner: see hono_faasm/runs.h

#include <faabric/batch-scheduler/BatchScheduler.h>
#include <faabric/planner/Planner.h>
#include <faabric/scheduler/FunctionCallClient.h>
#include <faabric/util/clock.h>
#include <faabric/util/locks.h>
#include <faabric/util/logging.h>
#include <hono_faasm/run_links.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <vector>

namespace faabric::planner {

using faabric::batch_scheduler::SchedulingDecision;

hono_faasm::RunStart Planner::startRun(std::shared_ptr<BatchExecuteRequest> req,
                                       const std::string& preferredHost,
                                       hono_faasm::RunCallback callback,
                                       hono_faasm::RunLinks& links)
{
    const int appId = req->appid();
    const int msgId = req->messages(0).id();
    auto& message = *req->mutable_messages(0);
    message.set_statuskey(hono_faasm::RUN_MARK);
    // There is no point-to-point group: a worker looks for one only when the
    // message names it
    req->set_singlehost(true);
    // The planner keeps a copy, that others may look at meanwhile. It does
    // without the input, which may be long
    auto input = std::move(*message.mutable_inputdata());
    const auto kept = std::make_shared<BatchExecuteRequest>(*req);
    message.set_inputdata(std::move(input));

    std::string hostIp;
    {
        faabric::util::FullLock lock(plannerMx);

        // Where the app has run before its faaslet is warm
        const auto hasRoom = [this](const auto& host) {
            return host.second->usedslots() < host.second->slots() &&
                   !isHostExpired(host.second) &&
                   !state.nextEvictedHostIps.contains(host.first);
        };
        auto chosen = state.hostMap.find(preferredHost);
        if (chosen == state.hostMap.end() || !hasRoom(*chosen)) {
            // The emptiest
            chosen = state.hostMap.end();
            int mostFree = 0;
            for (auto it = state.hostMap.begin(); it != state.hostMap.end();
                 ++it) {
                const int free = it->second->slots() - it->second->usedslots();
                if (free > mostFree && hasRoom(*it)) {
                    mostFree = free;
                    chosen = it;
                }
            }
        }
        if (chosen == state.hostMap.end()) {
            return {};
        }

        hostIp = chosen->first;
        chosen->second->set_usedslots(chosen->second->usedslots() + 1);
        auto decision = std::make_shared<SchedulingDecision>(appId, 0);
        decision->addMessage(hostIp, kept->messages(0));
        state.inFlightReqs[appId] = std::make_pair(kept, decision);
        const auto limit = std::chrono::milliseconds(message.timelimitms());
        runs[msgId] = { appId,
                        hostIp,
                        std::chrono::steady_clock::now() + limit +
                          hono_faasm::RESULT_GRACE,
                        std::move(callback) };
    }

    // Not under the lock
    try {
        if (!links.send(hostIp, *req)) {
            faabric::scheduler::getFunctionCallClient(hostIp)->executeFunctions(
              req);
        }
    } catch (const std::exception& e) {
        SPDLOG_ERROR("Can't send a run to {}: {}", hostIp, e.what());
        auto result = std::make_shared<faabric::Message>(kept->messages(0));
        result->set_returnvalue(hono_faasm::NOT_SENT_RETURN_VALUE);
        setMessageResult(result);
        dropHosts({ hostIp });
    }
    return { true, hostIp };
}

bool Planner::finishRun(std::shared_ptr<faabric::Message> msg,
                        std::unique_lock<std::shared_mutex>& lock)
{
    auto it = runs.find(msg->id());
    if (it == runs.end()) {
        // A late result of a run has no one to go to
        return hono_faasm::isRun(*msg);
    }
    auto entry = std::move(it->second);
    runs.erase(it);
    auto host = state.hostMap.find(entry.host);
    if (host != state.hostMap.end() && host->second->usedslots() > 0) {
        host->second->set_usedslots(host->second->usedslots() - 1);
    }
    removeFromInFlight(msg->appid(), msg->id());

    lock.unlock();
    entry.callback(std::move(msg));
    return true;
}

void Planner::removeFromInFlight(int appId, int msgId)
{
    auto it = state.inFlightReqs.find(appId);
    if (it == state.inFlightReqs.end()) {
        return;
    }
    auto [req, decision] = it->second;
    auto* messages = req->mutable_messages();
    auto message =
      std::find_if(messages->begin(), messages->end(), [msgId](const auto& m) {
          return m.id() == msgId;
      });
    if (message == messages->end()) {
        return;
    }
    if (messages->size() == 1) {
        state.inFlightReqs.erase(it);
        state.preloadedSchedulingDecisions.erase(appId);
        return;
    }
    messages->erase(message);
    decision->removeMessage(msgId);
}

hono_faasm::Slots Planner::getSlots()
{
    faabric::util::SharedLock lock(plannerMx);

    hono_faasm::Slots slots;
    for (const auto& [ip, host] : state.hostMap) {
        if (!isHostExpired(host)) {
            slots.total += host->slots();
            slots.used += host->usedslots();
        }
    }
    slots.runs = runs.size();
    return slots;
}

void Planner::dropLostHosts()
{
    std::set<std::string> lost;
    {
        faabric::util::SharedLock lock(plannerMx);
        for (const auto& [ip, host] : state.hostMap) {
            if (isHostExpired(host)) {
                lost.insert(ip);
            }
        }
    }
    if (!lost.empty()) {
        dropHosts(lost);
    }
}

void Planner::dropLostRuns()
{
    std::vector<std::shared_ptr<faabric::Message>> lost;
    {
        faabric::util::SharedLock lock(plannerMx);
        const auto now = std::chrono::steady_clock::now();
        for (const auto& [msgId, run] : runs) {
            if (run.lostAt < now) {
                lost.push_back(std::make_shared<faabric::Message>());
                lost.back()->set_id(msgId);
                lost.back()->set_appid(run.appId);
                lost.back()->set_executedhost(run.host);
                lost.back()->set_statuskey(hono_faasm::RUN_MARK);
                lost.back()->set_returnvalue(
                  hono_faasm::HOST_LOST_RETURN_VALUE);
            }
        }
    }
    for (const auto& result : lost) {
        SPDLOG_WARN("No result of run {} has come from {}",
                    result->id(),
                    result->executedhost());
        setMessageResult(result);
    }
}

void Planner::dropHosts(const std::set<std::string>& ips)
{
    using MessagePtr = std::shared_ptr<faabric::Message>;
    std::vector<std::pair<hono_faasm::RunCallback, MessagePtr>> answers;
    std::vector<std::pair<std::string, MessagePtr>> notices;
    {
        faabric::util::FullLock lock(plannerMx);

        for (const auto& ip : ips) {
            SPDLOG_WARN("Host {} has gone", ip);
            state.hostMap.erase(ip);
        }

        std::vector<MessagePtr> orphans;
        for (const auto& [appId, inFlight] : state.inFlightReqs) {
            const auto& [req, decision] = inFlight;
            const int n = std::min<int>(
              req->messages_size(), static_cast<int>(decision->hosts.size()));
            for (int i = 0; i < n; i++) {
                if (ips.contains(decision->hosts.at(i))) {
                    orphans.push_back(
                      std::make_shared<faabric::Message>(req->messages(i)));
                    orphans.back()->set_executedhost(decision->hosts.at(i));
                }
            }
        }

        for (const auto& msg : orphans) {
            msg->set_returnvalue(hono_faasm::HOST_LOST_RETURN_VALUE);
            msg->set_outputdata("The worker " + msg->executedhost() +
                                " has gone");
            msg->set_finishtimestamp(
              faabric::util::getGlobalClock().epochMillis());
            if (auto run = runs.find(msg->id()); run != runs.end()) {
                answers.emplace_back(std::move(run->second.callback), msg);
                runs.erase(run);
            } else {
                state.appResults[msg->appid()][msg->id()] = msg;
                if (auto waiters = state.appResultWaiters.find(msg->id());
                    waiters != state.appResultWaiters.end()) {
                    for (const auto& host : waiters->second) {
                        if (!ips.contains(host)) {
                            notices.emplace_back(host, msg);
                        }
                    }
                    state.appResultWaiters.erase(waiters);
                }
            }
            removeFromInFlight(msg->appid(), msg->id());
        }
    }

    for (const auto& [callback, msg] : answers) {
        callback(msg);
    }
    for (const auto& [host, msg] : notices) {
        try {
            faabric::scheduler::getFunctionCallClient(host)->setMessageResult(
              msg);
        } catch (const std::exception& e) {
            SPDLOG_ERROR("Can't notify {}: {}", host, e.what());
        }
    }
}

}
