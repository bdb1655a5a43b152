package agents

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
)

// maxResponse bounds the body of an answer, in bytes; the longest useful one is far below.
const maxResponse = 4 << 20

var errTooLarge = errors.New("the answer is larger than 4 MiB")

// boundedTransport bounds response bodies, and hands status and headers to whoever asked withReply: the
// client library drops them from its errors.
type boundedTransport struct{ base http.RoundTripper }

func (t boundedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if got, ok := r.Context().Value(replyKey{}).(*reply); ok {
		*got = reply{status: resp.StatusCode, header: resp.Header}
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, left: maxResponse}
	return resp, nil
}

// CloseIdleConnections lets http.Client reach the transport below.
func (t boundedTransport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

type boundedBody struct {
	io.ReadCloser
	left int
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLarge
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// reply is what of a response is not in its body.
type reply struct {
	status int
	header http.Header
}

type replyKey struct{}

// withReply returns a context whose requests leave status and headers of their response in the result.
func withReply(ctx context.Context) (context.Context, *reply) {
	got := &reply{}
	return context.WithValue(ctx, replyKey{}, got), got
}

// scrubber takes secrets out of what is logged or kept.
type scrubber []string

func (s scrubber) text(text string) string {
	for _, secret := range s {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, masked)
		}
	}
	return text
}

// error replaces the text of an error, keeping what errors.Is finds in it.
func (s scrubber) error(err error) error { return scrubbed{error: err, text: s.text(err.Error())} }

type scrubbed struct {
	error
	text string
}

func (e scrubbed) Error() string        { return e.text }
func (e scrubbed) Is(target error) bool { return errors.Is(e.error, target) }

// masked stands for a secret.
const masked = "[REDACTED]"
