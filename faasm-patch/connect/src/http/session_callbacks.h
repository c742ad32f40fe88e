#pragma once

#include "nghttp2_support.h"
#include "session.h"

namespace connectrpc::http {

// nghttp2's callbacks, which tell the session that is their user data. For
// session.cpp, which says what is done.
struct Session::Callbacks
{
    static Session& of(void* user) { return *static_cast<Session*>(user); }

    static int beginFrame(nghttp2_session* /*session*/,
                          const nghttp2_frame_hd* header,
                          void* user)
    {
        of(user).onBeginFrame(*header);
        return 0;
    }

    static int beginHeaders(nghttp2_session* /*session*/,
                            const nghttp2_frame* frame,
                            void* user)
    {
        if (frame->hd.type == NGHTTP2_HEADERS &&
            frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
            of(user).onBeginRequest(frame->hd.stream_id);
        }
        return 0;
    }

    static int header(nghttp2_session* /*session*/,
                      const nghttp2_frame* frame,
                      const uint8_t* name,
                      size_t nameLength,
                      const uint8_t* value,
                      size_t valueLength,
                      uint8_t /*flags*/,
                      void* user)
    {
        // Trailers of a request mean nothing to any of the protocols.
        Stream* stream = of(user).find(frame->hd.stream_id);
        if (stream && !stream->headersComplete) {
            of(user).onHeader(
              *stream, viewOf(name, nameLength), viewOf(value, valueLength));
        }
        return 0;
    }

    static int dataChunk(nghttp2_session* /*session*/,
                         uint8_t /*flags*/,
                         int32_t id,
                         const uint8_t* bytes,
                         size_t length,
                         void* user)
    {
        of(user).onData(id, viewOf(bytes, length));
        return 0;
    }

    static int frameReceived(nghttp2_session* /*session*/,
                             const nghttp2_frame* frame,
                             void* user)
    {
        of(user).onFrame(*frame);
        return 0;
    }

    static int frameSent(nghttp2_session* /*session*/,
                         const nghttp2_frame* frame,
                         void* user)
    {
        of(user).onFrameSent(*frame);
        return 0;
    }

    static int streamClosed(nghttp2_session* /*session*/,
                            int32_t id,
                            uint32_t errorCode,
                            void* user)
    {
        of(user).onStreamClosed(id, errorCode);
        return 0;
    }

    static ssize_t readBody(nghttp2_session* /*session*/,
                            int32_t id,
                            uint8_t* /*buffer*/,
                            size_t length,
                            uint32_t* flags,
                            nghttp2_data_source* /*source*/,
                            void* user)
    {
        return of(user).readBody(id, length, flags);
    }

    static int sendBody(nghttp2_session* /*session*/,
                        nghttp2_frame* /*frame*/,
                        const uint8_t* header,
                        size_t length,
                        nghttp2_data_source* source,
                        void* user)
    {
        return of(user).sendBody(
          *static_cast<Stream*>(source->ptr), header, length);
    }

    static const nghttp2_session_callbacks* all()
    {
        static nghttp2_session_callbacks* const made = [] {
            nghttp2_session_callbacks* it = nullptr;
            check(nghttp2_session_callbacks_new(&it));
            nghttp2_session_callbacks_set_on_begin_frame_callback(it,
                                                                  beginFrame);
            nghttp2_session_callbacks_set_on_begin_headers_callback(
              it, beginHeaders);
            nghttp2_session_callbacks_set_on_header_callback(it, header);
            nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
              it, dataChunk);
            nghttp2_session_callbacks_set_on_frame_recv_callback(it,
                                                                 frameReceived);
            nghttp2_session_callbacks_set_on_frame_send_callback(it, frameSent);
            nghttp2_session_callbacks_set_on_stream_close_callback(
              it, streamClosed);
            nghttp2_session_callbacks_set_send_data_callback(it, sendBody);
            return it;
        }();
        return made;
    }

    static const nghttp2_option* sessionOptions()
    {
        static nghttp2_option* const made = [] {
            nghttp2_option* it = nullptr;
            check(nghttp2_option_new(&it));
            // Windows are widened as bytes are read.
            nghttp2_option_set_no_auto_window_update(it, 1);
            // They would be kept for the priority tree.
            nghttp2_option_set_no_closed_streams(it, 1);
            return it;
        }();
        return made;
    }
};

}
