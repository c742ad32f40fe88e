# Calls the service of test/service/apps/notes.ts with Python's grpcio, and ends
# non-zero when an answer is not what it has to be.
# Arguments: address, folder of the app's protos.
import sys

import grpc
from google.protobuf import json_format, struct_pb2

address, protos = sys.argv[1:]
sys.path.insert(0, protos)
messages, services = grpc.protos_and_services("apps/v1/apps.proto")


def expect(actual, wanted):
    if actual != wanted:
        raise AssertionError(f"{actual!r} instead of {wanted!r}")


def refusal(call):
    try:
        call()
    except grpc.RpcError as failure:
        return failure
    raise AssertionError("no error")


with grpc.insecure_channel(address) as channel:
    stub = services.AppsServiceStub(channel)

    wanted = messages.GetNotesByIdRequest(param=messages.GetNotesByIdParam(id="a/b"))
    note = stub.GetNotesById(wanted, timeout=10)
    expect(note.WhichOneof("body"), "ok")
    expect((note.ok.text, list(note.ok.tags), note.ok.HasField("due")), ("first", ["x"], False))

    body = messages.PostNotesJson(text="hello", tags=["a"])
    created, call = stub.PostNotes.with_call(messages.PostNotesRequest(json=body), timeout=10)
    expect(created.created.text, "hello")
    expect(dict(call.initial_metadata())["location"], "/notes/new")

    meta = {"a": [1, None, {"b": [], "c": {}}], "1": None}
    given = messages.PostMetaJson(value=struct_pb2.Value(null_value=0))
    given.meta.update(meta)
    answer = stub.PostMeta(messages.PostMetaRequest(json=given), timeout=10)
    expect(json_format.MessageToDict(answer.ok), {"meta": meta, "value": None})

    me = stub.GetPrivateMe(messages.GetPrivateMeRequest(), metadata=[("authorization", "me")], timeout=10)
    expect(me.ok.user, "me")

    missing = messages.GetNotesByIdRequest(param=messages.GetNotesByIdParam(id="none"))
    failure = refusal(lambda: stub.GetNotesById(missing, timeout=10))
    expect((failure.code(), failure.details()), (grpc.StatusCode.NOT_FOUND, "no such note"))
    failure = refusal(lambda: stub.GetPrivateMe(messages.GetPrivateMeRequest(), timeout=10))
    expect(failure.code(), grpc.StatusCode.UNAUTHENTICATED)
    failure = refusal(lambda: stub.GetSlow(messages.GetSlowRequest(), timeout=0.2))
    expect(failure.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
