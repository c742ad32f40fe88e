#include "protocol/gzip.h"

#include <algorithm>
#include <stdexcept>

#include <zlib.h>

namespace connectrpc::protocol {

namespace {

// The largest window, and gzip's header and trailer around deflate's data.
constexpr int gzipWindowBits = 15 + 16;
constexpr int memoryLevel = 8;
constexpr size_t firstOutputBytes = 16 * 1024;

Bytef* inputOf(std::string_view bytes)
{
    // zlib does not write to its input.
    return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

}

std::string gzip(std::string_view bytes)
{
    z_stream stream{};
    if (deflateInit2(&stream,
                     Z_BEST_SPEED,
                     Z_DEFLATED,
                     gzipWindowBits,
                     memoryLevel,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::bad_alloc();
    }
    std::string result(deflateBound(&stream, bytes.size()), '\0');
    stream.next_in = inputOf(bytes);
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(result.data());
    stream.avail_out = static_cast<uInt>(result.size());
    deflate(&stream, Z_FINISH);
    result.resize(stream.total_out);
    deflateEnd(&stream);
    return result;
}

std::optional<std::string> gunzip(std::string_view bytes,
                                  size_t maxBytes,
                                  GunzipFailure& failure)
{
    z_stream stream{};
    if (inflateInit2(&stream, gzipWindowBits) != Z_OK) {
        throw std::bad_alloc();
    }
    std::string result;
    stream.next_in = inputOf(bytes);
    stream.avail_in = static_cast<uInt>(bytes.size());
    int status = Z_OK;
    while (status == Z_OK) {
        // One byte more than allowed, to see that there are too many.
        const size_t size =
          std::min(std::max(firstOutputBytes, result.size() * 2), maxBytes + 1);
        if (stream.total_out == size) {
            break;
        }
        result.resize(size);
        stream.next_out =
          reinterpret_cast<Bytef*>(result.data() + stream.total_out);
        stream.avail_out = static_cast<uInt>(size - stream.total_out);
        status = inflate(&stream, Z_NO_FLUSH);
        if (status == Z_OK && stream.avail_in == 0 && stream.avail_out > 0) {
            // It ends in its middle.
            status = Z_DATA_ERROR;
        }
    }
    const size_t size = stream.total_out;
    const bool rest = stream.avail_in > 0;
    inflateEnd(&stream);
    if (size > maxBytes) {
        failure = GunzipFailure::TooLarge;
        return std::nullopt;
    }
    if (status != Z_STREAM_END || rest) {
        failure = GunzipFailure::Malformed;
        return std::nullopt;
    }
    result.resize(size);
    // Many small messages must not keep the room of large ones.
    result.shrink_to_fit();
    return result;
}

}
