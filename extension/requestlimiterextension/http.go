package requestlimiterextension

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"strings"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/prodsentinel/prodsentinel/internal/listener"
	"github.com/prodsentinel/prodsentinel/internal/otlpscan"
	"github.com/prodsentinel/prodsentinel/internal/requester"
)

const (
	protobufType = "application/x-protobuf"
	jsonType     = "application/json"
)

// httpLimiter reads the body of each request and, if it is OTLP, holds it to the limits.
type httpLimiter struct {
	*limiter
	next http.Handler
}

func (h *httpLimiter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Body == nil || r.Body == http.NoBody {
		h.next.ServeHTTP(w, r)
		return
	}
	r = r.WithContext(h.proxies.Identify(r.Context(), r.Header.Values(requester.ForwardedFor)))
	body, err := h.bodies.Read(w, r)
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	defer body.Release()
	content, release, err := h.admit(r, body.Bytes())
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	defer release()
	r.Body, r.ContentLength = &readBody{bytes.NewReader(content), body}, int64(len(content))
	r.Header.Del("Content-Length")
	h.next.ServeHTTP(w, r)
}

// readBody is a body that was received. The receiver has a copy of it when it closes it.
type readBody struct {
	*bytes.Reader
	body *listener.Body
}

func (b *readBody) Close() error {
	b.Reset(nil)
	b.body.Release()
	return nil
}

// admit returns what the request is let pass with.
func (h *httpLimiter) admit(r *http.Request, body []byte) (content []byte, release func(), err error) {
	walk := walkOf(r)
	if walk == nil { // the receiver refuses it
		return body, func() {}, nil
	}
	signal, known := signalOf(r.URL.Path)
	if !known {
		return nil, nil, errUnknownPath
	}
	result, err := h.scan(r.Context(), walk, signal, body)
	if err != nil {
		return nil, nil, err
	}
	key := requester.Of(r.Context())
	if !h.inFlight.Take(key, result.DecodedBytes) {
		return nil, nil, errBusy
	}
	return result.Body, func() { h.inFlight.Return(key, result.DecodedBytes) }, nil
}

// walkOf returns how to walk a body, nil if its type is not one of OTLP's.
func walkOf(r *http.Request) walk {
	switch mediaType(r) {
	case protobufType:
		return otlpscan.Protobuf
	case jsonType:
		return otlpscan.JSON
	}
	return nil
}

func mediaType(r *http.Request) string {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return media
}

var errUnknownPath = errors.New("the path must end in /traces, /logs or /metrics: configure the receiver's url_path keys so")

// signalOf goes by the end of the path: what comes before it is configurable.
func signalOf(path string) (otlpscan.Signal, bool) {
	for _, s := range []otlpscan.Signal{otlpscan.Traces, otlpscan.Logs, otlpscan.Metrics} {
		if strings.HasSuffix(path, "/"+s.String()) {
			return s, true
		}
	}
	return 0, false
}

// refuse answers with a status as OTLP wants it: one that is retried only where that can help.
func (h *httpLimiter) refuse(w http.ResponseWriter, r *http.Request, err error) {
	h.refused(r.Context(), err)
	status, code := http.StatusBadRequest, codes.InvalidArgument
	switch reasonOf(err) {
	case "busy":
		status, code = http.StatusServiceUnavailable, codes.Unavailable
		listener.SetRetryAfter(w)
		w.Header().Set("Connection", "close") // there may be more of the body
	case "slow":
		status, code = http.StatusRequestTimeout, codes.DeadlineExceeded
		w.Header().Set("Connection", "close")
	case "records", "decoded_bytes", "body_bytes":
		status = http.StatusRequestEntityTooLarge
	}
	if errors.Is(err, errUnknownPath) {
		status, code = http.StatusNotFound, codes.NotFound
	}
	writeStatus(w, r, status, &spb.Status{Code: int32(code), Message: err.Error()})
}

func writeStatus(w http.ResponseWriter, r *http.Request, status int, s *spb.Status) {
	media, body, err := protobufType, []byte(nil), error(nil)
	switch {
	case mediaType(r) == protobufType:
		body, err = proto.Marshal(s)
	default:
		media = jsonType
		body, err = protojson.Marshal(s)
	}
	if err != nil { // a number and a text cannot fail
		listener.WriteProblem(w, status, s.GetMessage())
		return
	}
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
