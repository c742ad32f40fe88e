#include "protocol/envelope.h"
#include "protocol/error_text.h"
#include "protocol/gzip.h"
#include "protocol/query.h"
#include "protocol/text.h"
#include "protocol/timeout.h"

#include "support/fake_exchange.h"

#include <catch2/catch.hpp>

using namespace connectrpc;
using namespace connectrpc::protocol;
using namespace std::chrono_literals;

TEST_CASE("Codes have the names and HTTP statuses of Connect")
{
    CHECK(codeName(Code::DeadlineExceeded) == "deadline_exceeded");
    CHECK(codeFromName("unauthenticated") == Code::Unauthenticated);
    CHECK_FALSE(codeFromName("nothing"));
    CHECK(httpStatusOf(Code::Canceled) == 499);
    CHECK(httpStatusOf(Code::Unimplemented) == 501);
    CHECK(codeName(static_cast<Code>(200)) == "unknown");
}

TEST_CASE("Base64 is written without padding and read in every form")
{
    CHECK(encodeBase64("") == "");
    CHECK(encodeBase64("a") == "YQ");
    CHECK(encodeBase64("ab") == "YWI");
    CHECK(encodeBase64("abc") == "YWJj");
    CHECK(decodeBase64("YQ==") == "a");
    CHECK(decodeBase64("YQ") == "a");
    CHECK(decodeBase64("-_8") == decodeBase64("+/8="));
    CHECK_FALSE(decodeBase64("Y"));
    CHECK_FALSE(decodeBase64("Y Q="));
}

TEST_CASE("gRPC's messages are percent-encoded")
{
    CHECK(percentEncode("a b~") == "a b~");
    CHECK(percentEncode("100%\n\xc3\xb6") == "100%25%0A%C3%B6");
}

TEST_CASE("Queries are percent-decoded")
{
    CHECK(percentDecode("a+b%41%c3") == "a bA\xc3");
    CHECK_FALSE(percentDecode("%4"));
    CHECK_FALSE(percentDecode("%zz"));
    const auto query =
      parseGetQuery("message=%7B%7D&encoding=json&x&connect=v1");
    REQUIRE(query);
    CHECK(query->message == "{}");
    CHECK(query->encoding == "json");
    CHECK(query->connect == "v1");
    CHECK_FALSE(query->base64);
}

TEST_CASE("JSON strings hold nothing but UTF-8")
{
    CHECK(quoteJson("a\"\\\n\xf0\x9f\x98\x88") ==
          "\"a\\\"\\\\\\u000A\xf0\x9f\x98\x88\"");
    CHECK(quoteJson("\xff|\xc3|\xed\xa0\x80") ==
          "\"\xef\xbf\xbd|\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST_CASE("Timeouts are read as the protocols write them")
{
    CHECK(parseConnectTimeout("1500") == 1500ms);
    CHECK_FALSE(parseConnectTimeout(""));
    CHECK_FALSE(parseConnectTimeout("-1"));
    CHECK_FALSE(parseConnectTimeout("12345678901"));
    CHECK(parseGrpcTimeout("10m") == 10ms);
    CHECK(parseGrpcTimeout("2S") == 2s);
    CHECK(parseGrpcTimeout("7u") == 7us);
    CHECK_FALSE(parseGrpcTimeout("10"));
    CHECK_FALSE(parseGrpcTimeout("123456789n"));
    // No overflow.
    CHECK(parseGrpcTimeout("99999999H") > 24h);
}

TEST_CASE("gzip makes no more than is allowed")
{
    const std::string large(1'000'000, 'x');
    const std::string small = gzip(large);
    CHECK(small.size() < 10'000);
    GunzipFailure failure{};
    CHECK(gunzip(small, large.size(), failure) == large);
    CHECK_FALSE(gunzip(small, large.size() - 1, failure));
    CHECK(failure == GunzipFailure::TooLarge);
    CHECK_FALSE(gunzip(small.substr(0, small.size() / 2), 1 << 20, failure));
    CHECK(failure == GunzipFailure::Malformed);
    CHECK_FALSE(gunzip("no gzip", 100, failure));
    CHECK_FALSE(gunzip(small + "x", large.size(), failure));
    CHECK(gunzip(gzip(""), 0, failure) == "");
}

TEST_CASE("Envelopes are found in bytes that come as they like")
{
    EnvelopeReader reader(100, true);
    const std::string bytes = makeEnvelope(0, "hello") +
                              makeEnvelope(1, gzip("packed")) +
                              makeEnvelope(0, "");
    std::vector<std::string> messages;
    std::optional<Error> error;
    for (const char c : bytes) {
        std::string_view rest(&c, 1);
        if (auto message = reader.read(rest, error)) {
            messages.push_back(*message);
        }
        REQUIRE_FALSE(error);
        CHECK(rest.empty());
    }
    CHECK(messages == std::vector<std::string>{ "hello", "packed", "" });
    CHECK(reader.atBoundary());
}

TEST_CASE("Envelopes that are not allowed are errors")
{
    const auto codeOf = [](std::string bytes, bool gzip) {
        EnvelopeReader reader(100, gzip);
        std::string_view rest = bytes;
        std::optional<Error> error;
        CHECK_FALSE(reader.read(rest, error));
        return error ? std::optional(error->code) : std::nullopt;
    };
    CHECK(codeOf(makeEnvelope(1, "x"), false) == Code::Internal);
    CHECK(codeOf(makeEnvelope(1, "x"), true) == Code::InvalidArgument);
    CHECK(codeOf(makeEnvelope(2, "x"), true) == Code::InvalidArgument);
    CHECK(codeOf(std::string("\0\xff\xff\xff\xff", 5), true) ==
          Code::ResourceExhausted);
    CHECK(codeOf(makeEnvelope(1, gzip(std::string(101, 'x'))), true) ==
          Code::ResourceExhausted);
    CHECK(codeOf(makeEnvelope(0, "abc").substr(0, 7), true) == std::nullopt);
}

TEST_CASE("Errors are written for each protocol")
{
    const Error error{ Code::NotFound, "no \"x\"", { { "a.B", "\x01" } } };
    CHECK(errorJson(error) == R"({"code":"not_found","message":"no \"x\"",)"
                              R"("details":[{"type":"a.B","value":"AQ"}]})");
    CHECK(endStreamJson(std::nullopt, {}) == "{}");
    CHECK(
      endStreamJson(
        Error{ Code::Internal, "" },
        tests::makeMetadata({ { "a", "1" }, { "b", "2" }, { "a", "3" } })) ==
      R"({"error":{"code":"internal"},"metadata":{"a":["1","3"],"b":["2"]}})");
    CHECK(grpcStatus(Error{ Code::NotFound, "m" }) ==
          std::string("\x08\x05\x12\x01m"));
}
