// Calls the service of test/service/apps/notes.ts with connect-go, by every protocol that it speaks, and ends
// non-zero when an answer is not what it has to be. Argument: the server's URL.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"connectrpc.com/connect"

	notes "notesclient/gen/apps/v1"
	"notesclient/gen/apps/v1/appsv1connect"
)

func main() {
	plain := &http.Client{}
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	http2 := &http.Client{Transport: &http.Transport{Protocols: &protocols}}
	for name, client := range map[string]appsv1connect.AppsServiceClient{
		"connect":          appsv1connect.NewAppsServiceClient(plain, os.Args[1], connect.WithHTTPGet()),
		"connect, JSON":    appsv1connect.NewAppsServiceClient(http2, os.Args[1], connect.WithProtoJSON()),
		"connect, gzipped": appsv1connect.NewAppsServiceClient(http2, os.Args[1], connect.WithSendGzip()),
		"gRPC":             appsv1connect.NewAppsServiceClient(http2, os.Args[1], connect.WithGRPC()),
		"gRPC-Web":         appsv1connect.NewAppsServiceClient(plain, os.Args[1], connect.WithGRPCWeb()),
	} {
		if err := check(client); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
			os.Exit(1)
		}
	}
}

func check(client appsv1connect.AppsServiceClient) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	note, err := client.GetNotesById(ctx, connect.NewRequest(&notes.GetNotesByIdRequest{
		Param: &notes.GetNotesByIdParam{Id: "a/b"},
	}))
	if err != nil {
		return err
	}
	if ok := note.Msg.GetOk(); ok.GetText() != "first" || len(ok.GetTags()) != 1 || ok.Due != nil {
		return fmt.Errorf("another note: %v", note.Msg)
	}

	created, err := client.PostNotes(ctx, connect.NewRequest(&notes.PostNotesRequest{
		Json: &notes.PostNotesJson{Text: "hello", Tags: []string{"a", "b"}},
	}))
	if err != nil {
		return err
	}
	if got := created.Msg.GetCreated(); got.GetText() != "hello" || len(got.GetTags()) != 2 {
		return fmt.Errorf("another answer: %v", created.Msg)
	}
	if location := created.Header().Get("Location"); location != "/notes/new" {
		return fmt.Errorf("another header: %q", location)
	}

	_, err = client.GetNotesById(ctx, connect.NewRequest(&notes.GetNotesByIdRequest{
		Param: &notes.GetNotesByIdParam{Id: "none"},
	}))
	var failure *connect.Error
	if !errors.As(err, &failure) || failure.Code() != connect.CodeNotFound {
		return fmt.Errorf("another error: %v", err)
	}
	for _, detail := range failure.Details() {
		value, err := detail.Value()
		if err != nil {
			return err
		}
		if body, ok := value.(*notes.GetNotesByIdResponse); ok && body.GetNotFound().GetId() == "none" {
			return nil
		}
	}
	return errors.New("the error's detail is not the declared body")
}
