#include "retained_frames.h"

#include <algorithm>
#include <utility>

namespace function_service {

const std::string& RetainedFrames::add(std::string frame)
{
    frameBytes += frame.size();
    sent = ++newest;
    return frames.emplace_back(std::move(frame));
}

void RetainedFrames::acknowledge(uint64_t sequence)
{
    while (!frames.empty() && newest - frames.size() < sequence) {
        frameBytes -= frames.front().size();
        frames.pop_front();
    }
    // One that an earlier stream was sent.
    sent = std::max(sent, newest - frames.size());
}

std::optional<std::string> RetainedFrames::takeUnsent()
{
    if (sent == newest) {
        return std::nullopt;
    }
    const uint64_t gone = newest - frames.size();
    return frames[sent++ - gone];
}

}
