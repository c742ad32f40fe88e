# Calls every kind of method of the conformance service with Python's grpcio,
# and ends non-zero when an answer is not what it has to be.
# Arguments: address, folder of the service's protos.
import sys

import grpc

address, protos = sys.argv[1:]
sys.path.insert(0, protos)
config = grpc.protos("connectrpc/conformance/v1/config.proto")
messages, services = grpc.protos_and_services("connectrpc/conformance/v1/service.proto")
Definition = messages.UnaryResponseDefinition
StreamDefinition = messages.StreamResponseDefinition


def expect(actual, wanted):
    if actual != wanted:
        raise AssertionError(f"{actual!r} instead of {wanted!r}")


def check(stub):
    header = messages.Header(name="x-one", value=["1", "2"])
    trailer = messages.Header(name="x-two-bin", value=["AAEC"])
    definition = Definition(response_data=b"hi", response_headers=[header], response_trailers=[trailer])
    answer, call = stub.Unary.with_call(
        messages.UnaryRequest(response_definition=definition, request_data=bytes(100_000)),
        metadata=[("x-mine", "a b"), ("y-bin", b"\x00\xff")],
        timeout=10,
    )
    expect(answer.payload.data, b"hi")
    seen = {it.name.lower(): list(it.value) for it in answer.payload.request_info.request_headers}
    expect(seen["x-mine"], ["a b"])
    expect(seen["y-bin"][0].rstrip("="), "AP8")
    expect([value for key, value in call.initial_metadata() if key == "x-one"], ["1", "2"])
    expect([value for key, value in call.trailing_metadata() if key == "x-two-bin"], [b"\x00\x01\x02"])

    error = messages.Error(code=config.CODE_FAILED_PRECONDITION, message="nö: 100%\n")
    try:
        stub.Unary(messages.UnaryRequest(response_definition=Definition(error=error)))
        raise AssertionError("no error")
    except grpc.RpcError as failure:
        expect(failure.code(), grpc.StatusCode.FAILED_PRECONDITION)
        expect(failure.details(), "nö: 100%\n")

    answer = stub.ClientStream(
        messages.ClientStreamRequest(response_definition=definition, request_data=bytes([i])) for i in range(50)
    )
    expect(len(answer.payload.request_info.requests), 50)

    many = StreamDefinition(response_data=[bytes([i]) * 20_000 for i in range(50)])
    answers = stub.ServerStream(messages.ServerStreamRequest(response_definition=many))
    expect([it.payload.data[:1] for it in answers], [bytes([i]) for i in range(50)])

    answers = stub.BidiStream(
        messages.BidiStreamRequest(response_definition=many, full_duplex=True) for _ in range(50)
    )
    expect([it.payload.data[:1] for it in answers], [bytes([i]) for i in range(50)])

    late = Definition(response_data=b"late", response_delay_ms=5_000)
    try:
        stub.Unary(messages.UnaryRequest(response_definition=late), timeout=0.2)
        raise AssertionError("no deadline")
    except grpc.RpcError as failure:
        expect(failure.code(), grpc.StatusCode.DEADLINE_EXCEEDED)

    slow = StreamDefinition(response_data=[b"a", b"b"], response_delay_ms=100)
    answers = stub.ServerStream(messages.ServerStreamRequest(response_definition=slow))
    next(answers)
    answers.cancel()

    try:
        stub.Unimplemented(messages.UnimplementedRequest())
        raise AssertionError("implemented")
    except grpc.RpcError as failure:
        expect(failure.code(), grpc.StatusCode.UNIMPLEMENTED)


for compression in (grpc.Compression.NoCompression, grpc.Compression.Gzip):
    with grpc.insecure_channel(address, compression=compression) as channel:
        check(services.ConformanceServiceStub(channel))
