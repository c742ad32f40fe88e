#include "retained_frames.h"

#include <catch2/catch.hpp>

using function_service::RetainedFrames;

TEST_CASE("frames are kept until they are acknowledged", "[retained]")
{
    RetainedFrames frames;
    CHECK(frames.last() == 0);
    CHECK(frames.empty());
    CHECK(frames.add("one") == "one");
    frames.add("two");
    frames.add("three");
    CHECK(frames.last() == 3);
    CHECK(frames.bytes() == 11);
    // Each has been sent when it was made.
    CHECK_FALSE(frames.takeUnsent());

    frames.acknowledge(1);
    CHECK(frames.size() == 2);
    CHECK(frames.bytes() == 8);
    frames.acknowledge(1);
    CHECK(frames.size() == 2);
    frames.acknowledge(3);
    CHECK(frames.empty());
    CHECK(frames.bytes() == 0);
    CHECK(frames.last() == 3);
}

TEST_CASE("a new stream is sent what is kept, in order", "[retained]")
{
    RetainedFrames frames;
    for (const char* frame : { "one", "two", "three", "four" }) {
        frames.add(frame);
    }
    frames.acknowledge(1);
    frames.rewind();
    CHECK(frames.takeUnsent() == "two");
    SECTION("all of it")
    {
        CHECK(frames.takeUnsent() == "three");
        CHECK(frames.takeUnsent() == "four");
        CHECK_FALSE(frames.takeUnsent());
        frames.rewind();
        CHECK(frames.takeUnsent() == "two");
    }
    SECTION("but for what it acknowledges meanwhile")
    {
        frames.acknowledge(3);
        CHECK(frames.takeUnsent() == "four");
        CHECK_FALSE(frames.takeUnsent());
    }
    SECTION("nothing when nothing is kept")
    {
        frames.acknowledge(4);
        CHECK_FALSE(frames.takeUnsent());
        frames.rewind();
        CHECK_FALSE(frames.takeUnsent());
        frames.add("five");
        frames.rewind();
        CHECK(frames.takeUnsent() == "five");
    }
}
